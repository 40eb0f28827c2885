// Positions of a buffer of ids, grouped by row: rows ascending, positions of a row ascending. A stable radix sort of (id, position).
#pragma once

#include <cstdint>
#include <vector>

namespace lossmith {

class RowGroups {
 public:
  // ids[count], count below 2^32. Ids are taken as unsigned: a negative one sorts last.
  void group(const int64_t* ids, int64_t count);

  int64_t size() const { return size_; }  // distinct rows
  int64_t row(int64_t group) const { return rows_[group]; }
  const uint32_t* begin(int64_t group) const { return positions_ + starts_[group]; }
  const uint32_t* end(int64_t group) const { return positions_ + starts_[group + 1]; }
  int64_t count() const { return count_; }
  const uint32_t* positions() const { return positions_; }  // all, in the order of the groups
  const int64_t* rows() const { return rows_.data(); }

 private:
  struct Keyed {
    uint64_t id;
    uint32_t position;
  };
  void sort(const int64_t* ids, int64_t count);

  int64_t size_ = 0, count_ = 0;
  std::vector<Keyed> front_, back_;
  std::vector<uint32_t> order_, starts_;
  std::vector<int64_t> rows_;
  const uint32_t* positions_ = nullptr;
};

}  // namespace lossmith
