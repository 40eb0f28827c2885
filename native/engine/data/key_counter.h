// How often each key was seen. Open addressing, 16 bytes a slot, at most 7/8 full: memory grows with the number of different keys only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace lossmith {

struct KeyCount {
  uint64_t key, count;  // count 0: a free slot
};

class KeyCounter {
 public:
  KeyCounter() : slots_(1024) {}

  void add(uint64_t key) {
    KeyCount& slot = find(key);
    if (slot.count++ > 0) return;
    slot.key = key;
    if (++used_ > slots_.size() / 8 * 7) grow();
  }

  // All counts, ascending by key. The counter is empty afterwards.
  std::vector<KeyCount> take() {
    std::vector<KeyCount> counts = std::move(slots_);
    counts.erase(std::remove_if(counts.begin(), counts.end(), [](const KeyCount& slot) { return slot.count == 0; }), counts.end());
    std::sort(counts.begin(), counts.end(), [](const KeyCount& a, const KeyCount& b) { return a.key < b.key; });
    slots_.assign(1024, {});
    used_ = 0;
    return counts;
  }

 private:
  KeyCount& find(uint64_t key) {
    size_t i = key & (slots_.size() - 1);
    while (slots_[i].count > 0 && slots_[i].key != key) i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }

  void grow() {
    std::vector<KeyCount> old(2 * slots_.size());
    old.swap(slots_);
    for (const KeyCount& slot : old) {
      if (slot.count > 0) find(slot.key) = slot;
    }
  }

  std::vector<KeyCount> slots_;
  size_t used_ = 0;
};

}  // namespace lossmith
