// What is done to an element of a product before it is stored, where cuBLASLt does not: see FusedMatmul in device_program.h.
#pragma once

#include "engine/cuda/number_formats.cuh"

namespace lossmith {

struct Epilogue {
  void* out = nullptr;
  int64_t stride = 0;  // elements from row to row of out and added
  bool half_out = false;
  const void* added = nullptr;  // in the format of out
  const void* bias = nullptr;
  bool half_bias = false, relu = false;
  const void* gate = nullptr;
  int64_t gate_stride = 0;
  bool half_gate = false;

  __host__ __device__ void store(int64_t row, int64_t column, float v) const {
    const int64_t at = row * stride + column;
    if (added != nullptr) v += valueAt(added, half_out, at);
    if (bias != nullptr) v += valueAt(bias, half_bias, column);
    if (relu) v = v <= 0 ? 0 : v;  // a NaN stays one
    if (gate != nullptr) v = valueAt(gate, half_gate, row * gate_stride + column) > 0 ? v : 0;
    if (half_out) static_cast<Bfloat16*>(out)[at] = toBfloat16(v);
    else static_cast<float*>(out)[at] = v;
  }
};

}  // namespace lossmith
