// Sixteen floats that add and multiply lane by lane; the compiler maps them to what the machine has.
#pragma once

#include <cstdint>
#include <cstring>

namespace lossmith {

constexpr int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

[[gnu::always_inline]] inline void load(Lanes& to, const float* from) { std::memcpy(&to, from, sizeof(Lanes)); }
[[gnu::always_inline]] inline void store(float* to, const Lanes& from) { std::memcpy(to, &from, sizeof(Lanes)); }

// The sum of the lanes as a fixed tree: i with i + 8, then + 4, + 2, + 1.
[[gnu::always_inline]] inline float sumOfLanes(const Lanes& lanes) {
  float s[kLanes];
  store(s, lanes);
  for (int64_t width = kLanes / 2; width > 0; width /= 2) {
    for (int64_t i = 0; i < width; i++) s[i] += s[i + width];
  }
  return s[0];
}

// The sum of `count` floats in sixteen interleaved parts (element i to part i mod 16, in order), the parts as a tree: an order of the count alone.
[[gnu::always_inline]] inline float sumOfFloats(const float* x, int64_t count) {
  Lanes sum = {}, part;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    load(part, x + i);
    sum += part;
  }
  for (int64_t lane = 0; i + lane < count; lane++) sum[lane] += x[i + lane];
  return sumOfLanes(sum);
}

}  // namespace lossmith
