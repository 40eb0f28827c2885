// See guarded_memory.h.
#include "engine/guarded_memory.h"

#include <algorithm>
#include <cstddef>

namespace lossmith {

constexpr uint32_t kNan = 0x7fc0beef;
constexpr uint32_t kNumber = 0x3f5ebeef;  // 0.87: an addition to it shows, as one to a NaN would not

// Zones alternate, a number next to the memory.
static uint32_t patternAt(size_t distance) { return distance % 2 == 0 ? kNumber : kNan; }

void* GuardedMemory::reset(size_t bytes) {
  bytes_ = bytes;
  auto* front = reinterpret_cast<uint32_t*>(memory_.reserve(bytes + 2 * kZone));
  uint32_t* inside = front + kZoneWords;
  uint32_t* back = inside + bytes / sizeof(uint32_t);
  std::fill(inside, back, kNan);
  for (size_t i = 0; i < kZoneWords; i++) back[i] = inside[-1 - static_cast<ptrdiff_t>(i)] = patternAt(i);
  return data();
}

bool GuardedMemory::overrun() const {
  if (memory_.data() == nullptr) return false;
  const auto* inside = static_cast<const uint32_t*>(data());
  const uint32_t* back = inside + bytes_ / sizeof(uint32_t);
  for (size_t i = 0; i < kZoneWords; i++) {
    if (back[i] != patternAt(i) || inside[-1 - static_cast<ptrdiff_t>(i)] != patternAt(i)) return true;
  }
  return false;
}

}  // namespace lossmith
