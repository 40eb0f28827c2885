// The scalar functions of elementwise chains, free of branches so that loops over them vectorise. Multiplications and additions round
// one by one, so a value depends on its argument only: not on its place, the vector's width or the machine.
// Bounds against exact values (tests): exp, log, tanh, pow 2 ulp, log1p, sigmoid, softplus 4 ulp. A NaN goes through all but step and greater.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#define LOSSMITH_INLINE [[gnu::always_inline]] inline

namespace lossmith {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// 2^n for n from -126 to 127.
LOSSMITH_INLINE float powerOfTwo(int32_t n) { return std::bit_cast<float>(static_cast<uint32_t>(n + 127) << 23); }

// x = n·ln 2 + r; e^r by Cephes' polynomial (Moshier, expf); scaled in two factors so that subnormal results round once.
LOSSMITH_INLINE float expOf(float x) {
  const float above = x < -104.0f ? -104.0f : x;
  const float c = above > 89.0f ? 89.0f : above;
  const float shifted = c * 1.44269504088896341f + 0x1.8p23f;  // the low bits of the sum are round(c / ln 2)
  const int32_t n = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(0x1.8p23f);
  const float whole = shifted - 0x1.8p23f;
  const float r = (c - whole * 0.693359375f) - whole * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float y = (p * (r * r) + r) + 1.0f;
  const int32_t safe = x == x ? n : 0;
  const int32_t half = safe >> 1;
  return (y * powerOfTwo(half)) * powerOfTwo(safe - half);
}

// x = m·2^e, m in [√½, √2); ln m by Cephes' polynomial (Moshier, logf).
LOSSMITH_INLINE float logOf(float x) {
  const bool small = x < 0x1p-126f;
  const float scaled = small ? x * 0x1p24f : x;
  const uint32_t bits = std::bit_cast<uint32_t>(scaled) - 0x3f3504f3u;
  const float e = static_cast<float>(static_cast<int32_t>(bits) >> 23) - (small ? 24.0f : 0.0f);
  const float f = std::bit_cast<float>((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * f + -1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f + -1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f + -1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f + -2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  const float square = f * f;
  const float tail = (p * f * square + -2.12194440e-4f * e) - 0.5f * square;
  const float y = (f + tail) + 0.693359375f * e;
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
  const float e = expOf(-std::fabs(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

LOSSMITH_INLINE float softplusOf(float x) { return (x > 0.0f ? x : 0.0f) + log1pOf(expOf(-std::fabs(x))); }

// Near 0 an odd polynomial (Cephes, tanhf), elsewhere 1 − 2 / (e^{2|x|} + 1).
LOSSMITH_INLINE float tanhOf(float x) {
  const float magnitude = std::fabs(x);
  const float far = 1.0f - 2.0f / (expOf(magnitude + magnitude) + 1.0f);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  const float near = p * z * x + x;
  return magnitude < 0.625f ? near : std::copysign(far, x);
}

// |a|^exponent = exp(exponent · ln |a|) in double, where the product loses nothing that float would show. Signs as IEEE 754's pow.
LOSSMITH_INLINE float powOf(float a, float exponent, bool whole, bool odd) {
  const double x = std::fabs(static_cast<double>(a));
  const uint64_t bits = std::bit_cast<uint64_t>(x) - 0x3fe6a09e667f3bcdULL;  // the bits of √½
  const double e = static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(bits >> 32)) >> 20);
  const double m = std::bit_cast<double>((bits & 0x000fffffffffffffULL) + 0x3fe6a09e667f3bcdULL);
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double p = 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  const double log_m = 2.0 * (p * z * s + s);
  const double log_finite = e * 0.693147180559945309 + log_m;
  const double log_x = x == 0.0 ? -static_cast<double>(kInfinity) : (x < static_cast<double>(kInfinity) ? log_finite : x);
  const double t = static_cast<double>(exponent) * log_x;
  const double above = t < -110.0 ? -110.0 : t;
  const double c = above > 90.0 ? 90.0 : above;
  const double shifted = c * 1.44269504088896341 + 0x1.8p52;
  const double n = shifted - 0x1.8p52;
  const double r = (c - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  double q = 1.0 / 39916800;
  q = q * r + 1.0 / 3628800;
  q = q * r + 1.0 / 362880;
  q = q * r + 1.0 / 40320;
  q = q * r + 1.0 / 5040;
  q = q * r + 1.0 / 720;
  q = q * r + 1.0 / 120;
  q = q * r + 1.0 / 24;
  q = q * r + 1.0 / 6;
  q = q * r + 0.5;
  q = q * r + 1.0;
  q = q * r + 1.0;
  const uint64_t exponent_bits = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
  const float magnitude = static_cast<float>(q * std::bit_cast<double>(exponent_bits));
  const float known = t == t ? magnitude : static_cast<float>(t);
  const bool negative = std::signbit(a);
  const float signed_value = negative && odd ? -known : known;
  return a < 0.0f && a > -kInfinity && !whole ? kNan : signed_value;
}

}  // namespace lossmith
