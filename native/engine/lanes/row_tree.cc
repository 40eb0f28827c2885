// See row_tree.h. A merge of k sorted lists by looking at the k heads: k is the number of lanes, small.
#include "engine/lanes/row_tree.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/lanes/lane_tree.h"

namespace lossmith {
namespace {

constexpr int64_t kNoRow = std::numeric_limits<int64_t>::max();

void grow(RowSegment& segment, int64_t count, int64_t width) {
  if (segment.rows.size() < static_cast<size_t>(count)) segment.rows.resize(count);
  if (segment.values.size() < static_cast<size_t>(count * width)) segment.values.resize(count * width);
}

}  // namespace

RowSpan rowsWithin(const RowSpan& span, int64_t width, int64_t from, int64_t to) {
  const int64_t* end = span.rows + span.count;
  const int64_t* first = std::lower_bound(span.rows, end, from);
  const int64_t* last = std::lower_bound(first, end, to);
  return {first, span.values + (first - span.rows) * width, last - first};
}

void keepRows(RowSparse& rows, const std::vector<RowSpan>& kept) {
  const size_t width = rows.width, count = rows.rows.size();
  size_t from = 0, to = 0;
  for (const RowSpan& span : kept) {
    for (int64_t i = 0; i < span.count && from < count; i++) {
      while (from < count && rows.rows[from] < span.rows[i]) from++;
      if (from == count || rows.rows[from] != span.rows[i]) continue;
      rows.rows[to] = rows.rows[from];
      if (to != from) std::copy_n(rows.values.begin() + from * width, width, rows.values.begin() + to * width);
      to++, from++;
    }
  }
  rows.rows.resize(to);
  rows.values.resize(to * width);
}

void addRowTree(const std::vector<RowLeaf>& leaves, int lanes, int64_t width, int64_t from, int64_t to, RowSegment& out,
                std::vector<float>& scratch) {
  std::vector<RowSpan> rest;
  std::vector<int64_t> heads;
  int64_t total = 0;
  for (const RowLeaf& leaf : leaves) {
    rest.push_back(rowsWithin(leaf.span, width, from, to));
    heads.push_back(rest.back().count > 0 ? *rest.back().rows : kNoRow);
    total += rest.back().count;
  }
  grow(out, total, width);
  std::vector<TreeLeaf> present(leaves.size());
  int64_t count = 0;
  while (total > 0) {
    const int64_t row = *std::min_element(heads.begin(), heads.end());
    int found = 0;
    for (size_t i = 0; i < heads.size(); i++) {
      if (heads[i] != row) continue;
      present[found++] = {leaves[i].lane, rest[i].values};
      rest[i] = {rest[i].rows + 1, rest[i].values + width, rest[i].count - 1};
      heads[i] = rest[i].count > 0 ? *rest[i].rows : kNoRow;
    }
    addTree(present.data(), found, lanes, width, out.values.data() + count * width, scratch);
    out.rows[count++] = row;
    total -= found;
  }
  out.count = count;
}

}  // namespace lossmith
