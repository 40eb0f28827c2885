// The vocabulary: which values were seen often enough, by key. Built once, then read by every thread. Open addressing, at most half full.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lossmith {

class KeySet {
 public:
  // Reads `path`: u64 K, K keys. Throws Error(Config, "vocabulary-corrupt").
  explicit KeySet(const std::string& path);

  bool contains(uint64_t key) const {
    if (key == 0) return has_zero_;
    for (size_t slot = key & mask_;; slot = (slot + 1) & mask_) {
      if (slots_[slot] == key) return true;
      if (slots_[slot] == 0) return false;
    }
  }

 private:
  void insert(uint64_t key);

  std::vector<uint64_t> slots_;  // 0: free
  uint64_t mask_ = 0;
  bool has_zero_ = false;
};

}  // namespace lossmith
