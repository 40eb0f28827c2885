// One row of a log, parsed but not encoded. Views point into the line's bytes or into `unquoted`: a row is good until its line is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lossmith {

struct Row {
  float label = 0;               // a class, from 0
  bool whole = true;             // no number has a fraction: `decimals` means nothing
  std::vector<uint8_t> missing;  // by number column
  std::vector<int64_t> wholes;   // rounded down
  std::vector<double> decimals;
  std::vector<std::string_view> categories;

  // The parser's own.
  std::vector<uint32_t> ends;
  std::vector<std::string_view> cells;
  std::string unquoted;

  double number(size_t column) const { return whole ? static_cast<double>(wholes[column]) : decimals[column]; }
  bool isWhole(size_t column) const { return whole || decimals[column] == static_cast<double>(wholes[column]); }
};

}  // namespace lossmith
