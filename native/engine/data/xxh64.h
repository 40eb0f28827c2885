// XXH64 (Yann Collet's xxHash, 64 bit): the hash of every value. constexpr, so that xxh64.cc checks the published vectors when it compiles.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace lossmith {
namespace xxh64_parts {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87ULL, kPrime2 = 0xC2B2AE3D27D4EB4FULL, kPrime3 = 0x165667B19E3779F9ULL, kPrime4 = 0x85EBCA77C2B2AE63ULL,
                   kPrime5 = 0x27D4EB2F165667C5ULL;

constexpr uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

template <typename Word>
constexpr uint64_t load(const char* p) {
  if (std::is_constant_evaluated()) {
    uint64_t word = 0;
    for (size_t i = 0; i < sizeof(Word); i++) word |= static_cast<uint64_t>(static_cast<uint8_t>(p[i])) << (8 * i);
    return word;
  }
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

constexpr uint64_t round(uint64_t sum, uint64_t word) { return rotate(sum + word * kPrime2, 31) * kPrime1; }
constexpr uint64_t merge(uint64_t hash, uint64_t sum) { return (hash ^ round(0, sum)) * kPrime1 + kPrime4; }

}  // namespace xxh64_parts

constexpr uint64_t xxh64(std::string_view bytes, uint64_t seed) {
  using namespace xxh64_parts;
  const char* p = bytes.data();
  size_t left = bytes.size();
  uint64_t hash = seed + kPrime5;
  if (left >= 32) {
    uint64_t a = seed + kPrime1 + kPrime2, b = seed + kPrime2, c = seed, d = seed - kPrime1;
    for (; left >= 32; p += 32, left -= 32) {
      a = round(a, load<uint64_t>(p));
      b = round(b, load<uint64_t>(p + 8));
      c = round(c, load<uint64_t>(p + 16));
      d = round(d, load<uint64_t>(p + 24));
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  }
  hash += bytes.size();
  for (; left >= 8; p += 8, left -= 8) hash = rotate(hash ^ round(0, load<uint64_t>(p)), 27) * kPrime1 + kPrime4;
  if (left >= 4) {
    hash = rotate(hash ^ (load<uint32_t>(p) * kPrime1), 23) * kPrime2 + kPrime3;
    p += 4, left -= 4;
  }
  for (; left > 0; p++, left--) hash = rotate(hash ^ (load<uint8_t>(p) * kPrime5), 11) * kPrime1;
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace lossmith
