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

}  // namespace lossmith
