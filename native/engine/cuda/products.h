// Products of matrices on a device, and what is done to their results: by cuBLASLt, opened at run time, or by kernels of our own where one side is a
// vector, where a size is 0, or where cuBLASLt has no such epilogue. On an emulated device: plain loops, or the library that LOSSMITH_CUBLASLT names.
// The algorithm of a product is a function of its sizes, formats and epilogue on one kind of GPU and one version of the library; none of
// those that are taken adds in an order that changes from run to run. Work of one stream at a time: the workspace is shared.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>

#include "engine/cuda/device.h"
#include "engine/precision.h"

namespace lossmith {

// Row-major in device memory; rows begin every `stride` elements.
struct Matrix {
  const void* data = nullptr;
  int64_t stride = 0;
  bool transposed = false;  // stored so: op(x) is its transpose
  bool half = false;        // bf16
};

// See FusedMatmul (device_program.h) for the arithmetic.
struct Product {
  int64_t m = 0, n = 0, k = 0;
  Matrix a, b;          // both bf16 or neither
  void* out = nullptr;  // [m,n]
  int64_t stride = 0;   // of out and added
  bool half_out = false;
  const void* added = nullptr;  // in the format of out, which it may be
  const void* bias = nullptr;   // [n]
  bool half_bias = false;       // must be so with half_out
  bool relu = false;
  const void* gate = nullptr;
  int64_t gate_stride = 0;
  bool half_gate = false;
  void* mask = nullptr;  // rows of maskStride(n) bytes
  float* column_sums = nullptr;
  float* sums_of_b = nullptr;
};

class LtPlans;

class Products {
 public:
  // Throws Error(Config, "library-missing") where there is a GPU and no cuBLASLt.
  Products(Device& device, Precision precision);
  ~Products();
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  Precision precision() const { return precision_; }

  // In bf16, operands that come in float32 are multiplied in TF32. The first call of a shape makes its plan: a product is to run once before it
  // is captured. All pointers are multiples of 16 bytes.
  void enqueue(Stream& stream, const Product& product);

 private:
  bool byVector(Stream& stream, const Product& product);
  void finish(Stream& stream, const Product& product, uint32_t done);

  Device& device_;
  const Precision precision_;
  DeviceMemory workspace_;
  std::unique_ptr<LtPlans> plans_;         // null: plain loops
  std::unordered_set<const void*> masks_;  // those that the last product with them has written
};

}  // namespace lossmith
