// One row of a Criteo log: label, 13 integers, 26 categories, tab separated; an empty cell is missing. Points into the line's own bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lossmith {

constexpr int kCriteoNumbers = 13, kCriteoCategories = 26;

struct CriteoLine {
  float label;       // 0 or 1
  uint32_t missing;  // bit j: number j is missing
  int64_t numbers[kCriteoNumbers];
  std::string_view categories[kCriteoCategories];
};

// False when the line is malformed: `reason` then says the column, what was wanted and what was got. `line` is without its ending.
bool parseCriteoLine(std::string_view line, CriteoLine& row, std::string& reason);

}  // namespace lossmith
