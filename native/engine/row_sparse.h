// A row-sparse value: some rows of a table and their values. Sorted by row, no row twice. The gradient of a table is never anything else.
#pragma once

#include <cstdint>
#include <vector>

namespace lossmith {

struct RowSparse {
  int64_t width = 0;
  std::vector<int64_t> rows;  // ascending
  std::vector<float> values;  // rows.size() × width
};

}  // namespace lossmith
