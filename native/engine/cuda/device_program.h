// A program as a device runs it: the instructions of program.h, of which products have taken over some of their neighbours (fuse_matmul.h).
// Buffers keep their numbers; those in the arena may lie elsewhere, and there may be more of them. Instructions that stay keep their order.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "engine/program.h"

namespace lossmith {

// A product with what is done to its result while that is in registers:
//   v = op(a)·op(b) + added + bias;  v = relu(v) where the product has that activation;  v = 0 where gate ≤ 0;  out = v
// Everything is row-major. Buffers that are not there are -1.
struct FusedMatmul {
  Matmul product;
  int added = -1;        // [m,n], in the format of out, which it may be
  int gate = -1;         // [m,n]: the result of the relu whose gradient this is
  int mask = -1;         // relu's or gate's bits, in cuBLASLt's layout: written by a product with relu, read by one with a gate
  int column_sums = -1;  // [n]: Σ over rows of out
  int sums_of_b = -1;    // [n]: Σ over k of b[k,n], which is not transposed
  // bf16 buffers: instead of a and b their rounded copies, a rounded copy of the bias; out and gate themselves.
  bool half_a = false, half_b = false, half_bias = false, half_out = false, half_gate = false;
};

// out = x rounded to bf16, to nearest, ties to even; rows of `columns`, each at a multiple of halfStride(columns) elements.
struct RoundToHalf {
  int x, out;
  int64_t rows, columns;
};

// Elements from row to row of a bf16 matrix: rows begin at multiples of 16 bytes, as tensor cores want them.
constexpr int64_t halfStride(int64_t columns) { return (columns + 7) / 8 * 8; }

// Bytes of a mask's row, whose length in bits is a multiple of 128.
constexpr int64_t maskStride(int64_t columns) { return (columns + 127) / 128 * 16; }

template <class Variant, class... More>
struct Extended;
template <class... Known, class... More>
struct Extended<std::variant<Known...>, More...> {
  using type = std::variant<Known..., More...>;
};
using DeviceInstruction = Extended<Instruction, FusedMatmul, RoundToHalf>::type;

struct DeviceProgram {
  Program program;  // buffers, names, arena_bytes, cut: those of `code`. Its own code is empty
  std::vector<DeviceInstruction> code;
  std::vector<int> origins;  // by instruction: its number in the code it was made from, -1 for one that was not there
};

}  // namespace lossmith
