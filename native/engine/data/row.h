// One row of a log, parsed but not encoded. Views point into the line's bytes or into `unquoted`: a row is good until its line is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lossmith {

struct Row {
  float label = 0;                // a class, from 0
  bool whole = true;              // no number has a fraction: `fractions` means nothing
  std::vector<uint8_t> missing;   // by number column
  std::vector<int64_t> wholes;    // a number is whole + fraction
  std::vector<double> fractions;  // in [0, 1)
  std::vector<std::string_view> categories;

  // The parser's own.
  std::vector<uint32_t> ends;
  std::vector<std::string_view> cells;
  std::string unquoted;

  double number(size_t column) const { return static_cast<double>(wholes[column]) + (whole ? 0 : fractions[column]); }
};

}  // namespace lossmith
