// Philox4x32-10 (Salmon et al., SC'11), the only source of randomness: a function of (seed, purpose, counter), no state, the same on
// CPU and GPU. model/philox.ts is the same function in TypeScript; a test compares them.
//   key     = splitmix64(seed ^ fnv1a64(purpose)), low word first
//   draws of a step: purpose "dropout/<name>" and others, word unit % 4 of
//           counter = (unit / 4, example in the lane batch, step low 32, lane | step high 16 << 16)
//   table or parameter: purpose "init/<name>", counter = (column / 4, 0, row low 32, row high 32), word column % 4
//   uniform = (word >> 8) · 2⁻²⁴ in [0, 1); a unit is dropped when uniform < rate
//   normal  = Box-Muller in float64 of words w, w' = (2i, 2i+1), u₁ = ((w>>8)+1)·2⁻²⁴, u₂ = (w'>>8)·2⁻²⁴:
//           √(−2 ln u₁)·cos 2πu₂ for the even column, sin for the odd
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lossmith {

struct PhiloxKey {
  uint32_t low, high;
};
using PhiloxWords = std::array<uint32_t, 4>;

constexpr uint64_t fnv1a64(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return hash;
}

constexpr uint64_t splitmix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr PhiloxKey philoxKey(uint64_t seed, std::string_view purpose) {
  const uint64_t mixed = splitmix64(seed ^ fnv1a64(purpose));
  return {static_cast<uint32_t>(mixed), static_cast<uint32_t>(mixed >> 32)};
}

constexpr PhiloxWords philox(PhiloxWords c, PhiloxKey key) {
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = 0xD2511F53ULL * c[0], p1 = 0xCD9E8D57ULL * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ key.low, static_cast<uint32_t>(p1), static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ key.high,
         static_cast<uint32_t>(p0)};
    key.low += 0x9E3779B9u;
    key.high += 0xBB67AE85u;
  }
  return c;
}

constexpr float philoxUniform(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

}  // namespace lossmith
