// Copies of columns: rows of `width` floats from one matrix to another, whose rows are longer. Four floats at a time where all of it lies so.
#pragma once

#include <algorithm>

#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/launch.cuh"

namespace lossmith {

template <class T>
struct MoveColumns {
  const T* from;
  T* to;
  int64_t from_stride, to_stride;
  FastDivision width;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [row, column] = width(i);
    to[row * to_stride + column] = from[row * from_stride + column];
  }
};

inline void moveColumns(Stream& stream, const float* from, int64_t from_stride, float* to, int64_t to_stride, int64_t rows, int64_t width) {
  const auto whole = [](const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % sizeof(float4) == 0; };
  if ((from_stride | to_stride | width) % 4 == 0 && whole(from) && whole(to)) {
    const int64_t n = rows * width / 4;
    forEach(stream, n,
            MoveColumns<float4>{reinterpret_cast<const float4*>(from), reinterpret_cast<float4*>(to), from_stride / 4, to_stride / 4,
                                FastDivision(width / 4, n)});
  } else {
    const int64_t n = rows * width;
    forEach(stream, n, MoveColumns<float>{from, to, from_stride, to_stride, FastDivision(width, n)});
  }
}

}  // namespace lossmith
