// The scalar functions of elementwise chains, one text for the CPU, for CUDA's compiler and for the compiler of chains at run time (NVRTC, which
// has no standard headers). Free of branches, so that loops over them vectorise. Multiplications and additions round one by one (timesPlus),
// so a value depends on its argument only: not on its place, the vector's width, the compiler's flags or the machine.
// Bounds against exact values (tests): exp, log, tanh, pow 2 ulp, log1p, sigmoid, softplus 4 ulp. A NaN goes through all but step and greater.
#pragma once

#ifndef __CUDACC_RTC__
#include <cmath>
#include <cstdint>
#endif

#ifdef __CUDACC__
#define LOSSMITH_INLINE __host__ __device__ __forceinline__
#else
#define LOSSMITH_INLINE [[gnu::always_inline]] inline
#endif

namespace lossmith {

#ifdef __CUDACC_RTC__
using int32_t = int;
using uint32_t = unsigned;
using uint64_t = unsigned long long;
#endif

// std::bit_cast, which NVRTC lacks.
template <class To, class From>
LOSSMITH_INLINE constexpr To bitsAs(From x) {
  return __builtin_bit_cast(To, x);
}

constexpr float kInfinity = bitsAs<float>(0x7f800000u);
constexpr float kNan = bitsAs<float>(0x7fc00000u);

// a · b + c, rounded twice: a GPU would do it in one.
LOSSMITH_INLINE float timesPlus(float a, float b, float c) {
#ifdef __CUDA_ARCH__
  return __fadd_rn(__fmul_rn(a, b), c);
#else
  return a * b + c;
#endif
}
LOSSMITH_INLINE double timesPlus(double a, double b, double c) {
#ifdef __CUDA_ARCH__
  return __dadd_rn(__dmul_rn(a, b), c);
#else
  return a * b + c;
#endif
}

// 2^n for n from -126 to 127.
LOSSMITH_INLINE float powerOfTwo(int32_t n) { return bitsAs<float>(static_cast<uint32_t>(n + 127) << 23); }

// x = n·ln 2 + r; e^r by Cephes' polynomial (Moshier, expf); scaled in two factors so that subnormal results round once.
LOSSMITH_INLINE float expOf(float x) {
  const float above = x < -104.0f ? -104.0f : x;
  const float c = above > 89.0f ? 89.0f : above;
  const float shifted = timesPlus(c, 1.44269504088896341f, 0x1.8p23f);  // the low bits of the sum are round(c / ln 2)
  const int32_t n = bitsAs<int32_t>(shifted) - bitsAs<int32_t>(0x1.8p23f);
  const float whole = shifted - 0x1.8p23f;
  const float r = timesPlus(whole, 2.12194440e-4f, timesPlus(whole, -0.693359375f, c));
  float p = 1.9875691500e-4f;
  p = timesPlus(p, r, 1.3981999507e-3f);
  p = timesPlus(p, r, 8.3334519073e-3f);
  p = timesPlus(p, r, 4.1665795894e-2f);
  p = timesPlus(p, r, 1.6666665459e-1f);
  p = timesPlus(p, r, 5.0000001201e-1f);
  const float y = timesPlus(p, r * r, r) + 1.0f;
  const int32_t safe = x == x ? n : 0;
  const int32_t half = safe >> 1;
  return (y * powerOfTwo(half)) * powerOfTwo(safe - half);
}

// x = m·2^e, m in [√½, √2); ln m by Cephes' polynomial (Moshier, logf).
LOSSMITH_INLINE float logOf(float x) {
  const bool small = x < 0x1p-126f;
  const float scaled = small ? x * 0x1p24f : x;
  const uint32_t bits = bitsAs<uint32_t>(scaled) - 0x3f3504f3u;
  const float e = static_cast<float>(static_cast<int32_t>(bits) >> 23) - (small ? 24.0f : 0.0f);
  const float f = bitsAs<float>((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 7.0376836292e-2f;
  p = timesPlus(p, f, -1.1514610310e-1f);
  p = timesPlus(p, f, 1.1676998740e-1f);
  p = timesPlus(p, f, -1.2420140846e-1f);
  p = timesPlus(p, f, 1.4249322787e-1f);
  p = timesPlus(p, f, -1.6668057665e-1f);
  p = timesPlus(p, f, 2.0000714765e-1f);
  p = timesPlus(p, f, -2.4999993993e-1f);
  p = timesPlus(p, f, 3.3333331174e-1f);
  const float square = f * f;
  const float tail = timesPlus(square, -0.5f, timesPlus(p * f, square, -2.12194440e-4f * e));
  const float y = timesPlus(e, 0.693359375f, f + tail);
  const float finite = x < kInfinity ? y : x;  // +∞ and NaN are their own logarithms
  const float positive = x < 0.0f ? kNan : finite;
  return x == 0.0f ? -kInfinity : positive;
}

// u = 1 + x rounded; what rounding lost comes back to first order: ln u + (x − (u − 1)) / u.
LOSSMITH_INLINE float log1pOf(float x) {
  const float u = 1.0f + x;
  const float y = logOf(u) + (x - (u - 1.0f)) / u;
  const float finite = u < kInfinity ? y : u;
  return u == 0.0f ? -kInfinity : finite;
}

LOSSMITH_INLINE float sigmoidOf(float x) {
  const float e = expOf(-fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

LOSSMITH_INLINE float softplusOf(float x) { return (x > 0.0f ? x : 0.0f) + log1pOf(expOf(-fabsf(x))); }

// Near 0 an odd polynomial (Cephes, tanhf), elsewhere 1 − 2 / (e^{2|x|} + 1).
LOSSMITH_INLINE float tanhOf(float x) {
  const float magnitude = fabsf(x);
  const float far = 1.0f - 2.0f / (expOf(magnitude + magnitude) + 1.0f);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = timesPlus(p, z, 2.06390887954e-2f);
  p = timesPlus(p, z, -5.37397155531e-2f);
  p = timesPlus(p, z, 1.33314422036e-1f);
  p = timesPlus(p, z, -3.33332819422e-1f);
  const float near = timesPlus(p * z, x, x);
  return magnitude < 0.625f ? near : copysignf(far, x);
}

// |a|^exponent = exp(exponent · ln |a|) in double, where the product loses nothing that float would show. Signs as IEEE 754's pow.
LOSSMITH_INLINE float powOf(float a, float exponent, bool whole, bool odd) {
  const double x = fabs(static_cast<double>(a));
  const uint64_t bits = bitsAs<uint64_t>(x) - 0x3fe6a09e667f3bcdULL;  // the bits of √½
  const double e = static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(bits >> 32)) >> 20);
  const double m = bitsAs<double>((bits & 0x000fffffffffffffULL) + 0x3fe6a09e667f3bcdULL);
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double p = 1.0 / 17;
  p = timesPlus(p, z, 1.0 / 15);
  p = timesPlus(p, z, 1.0 / 13);
  p = timesPlus(p, z, 1.0 / 11);
  p = timesPlus(p, z, 1.0 / 9);
  p = timesPlus(p, z, 1.0 / 7);
  p = timesPlus(p, z, 1.0 / 5);
  p = timesPlus(p, z, 1.0 / 3);
  const double log_m = 2.0 * timesPlus(p * z, s, s);
  const double log_finite = timesPlus(e, 0.693147180559945309, log_m);
  const double log_x = x == 0.0 ? -static_cast<double>(kInfinity) : (x < static_cast<double>(kInfinity) ? log_finite : x);
  const double t = static_cast<double>(exponent) * log_x;
  const double above = t < -110.0 ? -110.0 : t;
  const double c = above > 90.0 ? 90.0 : above;
  const double shifted = timesPlus(c, 1.44269504088896341, 0x1.8p52);
  const double n = shifted - 0x1.8p52;
  const double r = timesPlus(n, -1.90821492927058770002e-10, timesPlus(n, -0.693147180369123816490, c));
  double q = 1.0 / 39916800;
  q = timesPlus(q, r, 1.0 / 3628800);
  q = timesPlus(q, r, 1.0 / 362880);
  q = timesPlus(q, r, 1.0 / 40320);
  q = timesPlus(q, r, 1.0 / 5040);
  q = timesPlus(q, r, 1.0 / 720);
  q = timesPlus(q, r, 1.0 / 120);
  q = timesPlus(q, r, 1.0 / 24);
  q = timesPlus(q, r, 1.0 / 6);
  q = timesPlus(q, r, 0.5);
  q = timesPlus(q, r, 1.0);
  q = timesPlus(q, r, 1.0);
  const uint64_t exponent_bits = (bitsAs<uint64_t>(shifted) + 1023) << 52;
  const float magnitude = static_cast<float>(q * bitsAs<double>(exponent_bits));
  const float known = t == t ? magnitude : static_cast<float>(t);
  const bool negative = bitsAs<int32_t>(a) < 0;
  const float signed_value = negative && odd ? -known : known;
  return a < 0.0f && a > -kInfinity && !whole ? kNan : signed_value;
}

// |a|^0 is 1, of NaN too.
LOSSMITH_INLINE float powConstantOf(float a, float exponent, bool whole, bool odd) {
  return exponent == 0.0f ? 1.0f : powOf(a, exponent, whole, odd);
}

LOSSMITH_INLINE float addOf(float a, float b) { return a + b; }
LOSSMITH_INLINE float subOf(float a, float b) { return a - b; }
LOSSMITH_INLINE float mulOf(float a, float b) { return a * b; }
LOSSMITH_INLINE float divOf(float a, float b) { return a / b; }
// `a` when it is the larger or NaN. A NaN in `b` stays: nothing is larger.
LOSSMITH_INLINE float maxOf(float a, float b) { return a > b || a != a ? a : b; }
LOSSMITH_INLINE float minOf(float a, float b) { return a < b || a != a ? a : b; }
LOSSMITH_INLINE float maxConstantOf(float a, float value) { return a < value ? value : a; }
LOSSMITH_INLINE float minConstantOf(float a, float value) { return a > value ? value : a; }
LOSSMITH_INLINE float constantOf(float value) { return value; }
LOSSMITH_INLINE float negOf(float a) { return -a; }
LOSSMITH_INLINE float sqrtOf(float a) { return sqrtf(a); }
LOSSMITH_INLINE float reciprocalOf(float a) { return 1.0f / a; }
LOSSMITH_INLINE float squareOf(float a) { return a * a; }
LOSSMITH_INLINE float absOf(float a) { return fabsf(a); }
LOSSMITH_INLINE float signOf(float a) { return a > 0.0f ? 1.0f : (a < 0.0f ? -1.0f : a); }
LOSSMITH_INLINE float reluOf(float a) { return a <= 0.0f ? 0.0f : a; }
LOSSMITH_INLINE float stepOf(float a) { return a > 0.0f ? 1.0f : 0.0f; }
LOSSMITH_INLINE float greaterOf(float a, float b) { return a > b ? 1.0f : 0.0f; }

}  // namespace lossmith
