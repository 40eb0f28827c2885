// See row_groups.h. Digits of 11 bits: a table of a million rows takes two passes, and a histogram of 8 KB stays in the first cache.
#include "engine/cpu/row_groups.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lossmith {

constexpr int kDigitBits = 11;
constexpr uint64_t kDigits = uint64_t{1} << kDigitBits;

void RowGroups::sort(const int64_t* ids, int64_t count) {
  if (static_cast<int64_t>(front_.size()) < count) {
    front_.resize(count);
    back_.resize(count);
  }
  uint64_t different = 0;
  for (int64_t i = 0; i < count; i++) {
    front_[i] = {static_cast<uint64_t>(ids[i]), static_cast<uint32_t>(i)};
    different |= static_cast<uint64_t>(ids[i]) ^ static_cast<uint64_t>(ids[0]);
  }
  for (int shift = 0; shift < 64 && (different >> shift) != 0; shift += kDigitBits) {
    if (((different >> shift) & (kDigits - 1)) == 0) continue;
    std::array<uint32_t, kDigits> next{};
    for (int64_t i = 0; i < count; i++) next[(front_[i].id >> shift) & (kDigits - 1)]++;
    uint32_t sum = 0;
    for (uint32_t& digit : next) sum += std::exchange(digit, sum);
    for (int64_t i = 0; i < count; i++) back_[next[(front_[i].id >> shift) & (kDigits - 1)]++] = front_[i];
    std::swap(front_, back_);
  }
}

void RowGroups::group(const int64_t* ids, int64_t count) {
  sort(ids, count);
  if (static_cast<int64_t>(order_.size()) < count) {
    order_.resize(count);
    rows_.resize(count);
  }
  starts_.resize(std::max<size_t>(starts_.size(), count + 1));
  size_ = 0;
  count_ = count;
  for (int64_t i = 0; i < count; i++) {
    order_[i] = front_[i].position;
    if (i == 0 || front_[i].id != front_[i - 1].id) {
      rows_[size_] = static_cast<int64_t>(front_[i].id);
      starts_[size_++] = static_cast<uint32_t>(i);
    }
  }
  starts_[size_] = static_cast<uint32_t>(count);
  positions_ = order_.data();
}

}  // namespace lossmith
