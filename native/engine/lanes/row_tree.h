// The lane tree over row-sparse values: a row present in both halves is added, a row present in one is copied; sorted by row. Each row
// is computed alone, so any cut of the rows into ranges gives the same bits.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/row_sparse.h"

namespace lossmith {

// Some rows of a table, ascending, no row twice, and their values [count, width]. Does not own them.
struct RowSpan {
  const int64_t* rows = nullptr;
  const float* values = nullptr;
  int64_t count = 0;
};

// An aligned subtree's rows.
struct RowLeaf {
  int lane;
  RowSpan span;
};

// A result that is made anew each step: memory is kept and only grows.
struct RowSegment {
  std::vector<int64_t> rows;
  std::vector<float> values;
  int64_t count = 0;

  RowSpan span() const { return {rows.data(), values.data(), count}; }
};

// The part of a span whose rows lie in from..to.
RowSpan rowsWithin(const RowSpan& span, int64_t width, int64_t from, int64_t to);

// Leaves of `rows` only those that are among `kept`, spans in ascending order of rows.
void keepRows(RowSparse& rows, const std::vector<RowSpan>& kept);

// out = the tree's sum of disjoint subtrees, ascending by lane, over `lanes` leaves, of rows from..to only.
void addRowTree(const std::vector<RowLeaf>& leaves, int lanes, int64_t width, int64_t from, int64_t to, RowSegment& out, std::vector<float>& scratch);

}  // namespace lossmith
