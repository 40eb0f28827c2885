// See guarded_memory.h.
#include "engine/guarded_memory.h"

#include <algorithm>

namespace lossmith {

constexpr uint32_t kPattern = 0x7fc0beef;

void* GuardedMemory::reset(size_t bytes) {
  bytes_ = bytes;
  auto* words = reinterpret_cast<uint32_t*>(memory_.reserve(bytes + 2 * kZone));
  std::fill_n(words, (bytes + 2 * kZone) / sizeof(uint32_t), kPattern);
  return data();
}

bool GuardedMemory::overrun() const {
  auto touched = [](const std::byte* zone) {
    const auto* words = reinterpret_cast<const uint32_t*>(zone);
    return std::any_of(words, words + kZone / sizeof(uint32_t), [](uint32_t word) { return word != kPattern; });
  };
  return memory_.data() != nullptr && (touched(memory_.data()) || touched(memory_.data() + kZone + bytes_));
}

}  // namespace lossmith
