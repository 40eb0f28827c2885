// The two narrow formats of matrix products, as functions of host and device. bf16: the upper half of a float32, rounded to nearest, ties to even.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace lossmith {

using Bfloat16 = uint16_t;  // its bits

__host__ __device__ inline uint32_t bitsOf(float x) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(x);
#else
  return std::bit_cast<uint32_t>(x);
#endif
}

__host__ __device__ inline float floatOf(uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

__host__ __device__ inline Bfloat16 toBfloat16(float x) {
  const uint32_t bits = bitsOf(x);
  if (x != x) return static_cast<Bfloat16>(bits >> 16 | 0x40);  // a NaN whose payload lies in the lower half stays one
  return static_cast<Bfloat16>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

__host__ __device__ inline float fromBfloat16(Bfloat16 x) { return floatOf(static_cast<uint32_t>(x) << 16); }

// Rounded to TF32, 10 bits of mantissa, as a float.
inline float roundToTf32(float x) {
  const uint32_t bits = bitsOf(x);
  return x - x != 0 ? x : floatOf((bits + 0xfff + (bits >> 13 & 1)) & ~uint32_t{0x1fff});
}

// Element i of values in float32 or bf16.
__host__ __device__ inline float valueAt(const void* values, bool half, int64_t i) {
  return half ? fromBfloat16(static_cast<const Bfloat16*>(values)[i]) : static_cast<const float*>(values)[i];
}

}  // namespace lossmith
