// See key_set.h.
#include "engine/data/key_set.h"

#include <algorithm>
#include <bit>

#include "engine/data/input_file.h"
#include "engine/errors.h"

namespace lossmith {

KeySet::KeySet(const std::string& path) {
  const InputFile file(path);
  uint64_t count = 0;
  const bool headed = file.readAt(0, &count, sizeof count) == sizeof count;
  const auto size = static_cast<uint64_t>(file.size());
  if (!headed || count > size / 8 || size != 8 + 8 * count) {
    throw configError("vocabulary-corrupt", "wanted a vocabulary in " + path + ", 8 bytes and 8 a key, got " + std::to_string(size) + " bytes for " +
                                                std::to_string(count) + " keys");
  }
  slots_.resize(std::bit_ceil(2 * count + 2));
  mask_ = slots_.size() - 1;
  std::vector<uint64_t> keys(std::min<uint64_t>(count, 8192));
  for (uint64_t done = 0; done < count; done += keys.size()) {
    keys.resize(std::min<uint64_t>(keys.size(), count - done));
    if (file.readAt(static_cast<int64_t>(8 + 8 * done), keys.data(), 8 * keys.size()) != 8 * keys.size()) {
      throw configError("vocabulary-corrupt", "wanted " + std::to_string(count) + " keys in " + path + ", the file ends before");
    }
    for (uint64_t key : keys) insert(key);
  }
}

void KeySet::insert(uint64_t key) {
  if (key == 0) {
    has_zero_ = true;
    return;
  }
  size_t slot = key & mask_;
  while (slots_[slot] != 0 && slots_[slot] != key) slot = (slot + 1) & mask_;
  slots_[slot] = key;
}

}  // namespace lossmith
