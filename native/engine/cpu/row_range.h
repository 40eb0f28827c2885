// The refusal of an id that is no row of its table.
#pragma once

#include <cstdint>
#include <string>

#include "engine/errors.h"

namespace lossmith {

inline Error rowOutOfRange(const std::string& op, const std::string& table, int64_t row, int64_t rows) {
  return configError("row-out-of-range",
                     "[" + op + "] wanted ids of table \"" + table + "\" from 0 to " + std::to_string(rows - 1) + ", got " + std::to_string(row));
}

}  // namespace lossmith
