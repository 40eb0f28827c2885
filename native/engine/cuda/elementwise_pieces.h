// What the source of every compiled chain (elementwise_source.h) includes: N elements that lie side by side, N = 4 as one access of 16 bytes.
#pragma once

#include "engine/scalar_functions.h"

namespace lossmith {

// x = from[0], from[1] ...
LOSSMITH_INLINE void loadNext(float (&x)[4], const float* from) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  x[0] = four.x, x[1] = four.y, x[2] = four.z, x[3] = four.w;
}
LOSSMITH_INLINE void loadNext(float (&x)[1], const float* from) { x[0] = *from; }

// x = from[0], from[stride] ...
template <int N>
LOSSMITH_INLINE void loadApart(float (&x)[N], const float* from, long long stride) {
#pragma unroll
  for (int k = 0; k < N; k++) x[k] = from[k * stride];
}

// x = one number N times.
template <int N>
LOSSMITH_INLINE void loadSame(float (&x)[N], const float* from) {
  const float one = *from;
#pragma unroll
  for (int k = 0; k < N; k++) x[k] = one;
}

LOSSMITH_INLINE void storeNext(float* to, const float (&y)[4]) { *reinterpret_cast<float4*>(to) = float4{y[0], y[1], y[2], y[3]}; }
LOSSMITH_INLINE void storeNext(float* to, const float (&y)[1]) { *to = y[0]; }

}  // namespace lossmith
