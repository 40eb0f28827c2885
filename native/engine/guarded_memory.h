// Memory between two zones of a pattern, for tests: whoever writes before or behind it is found out. Inside it begins as NaNs, so whoever
// reads what nobody wrote shows it too.
#pragma once

#include <cstdint>

#include "engine/cpu/aligned_memory.h"

namespace lossmith {

class GuardedMemory {
 public:
  // `bytes` (a multiple of 4) of NaNs between fresh zones.
  void* reset(size_t bytes);
  void* data() const { return memory_.data() + kZone; }
  bool overrun() const;

  // With its zones, for a copy of it elsewhere.
  static constexpr size_t kZone = 256;  // bytes
  void* whole() const { return memory_.data(); }
  size_t wholeBytes() const { return bytes_ + 2 * kZone; }

 private:
  static constexpr size_t kZoneWords = kZone / sizeof(uint32_t);
  AlignedMemory memory_;
  size_t bytes_ = 0;
};

}  // namespace lossmith
