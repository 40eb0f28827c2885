// A line of a log becomes a row, as the plan's format says. One parser serves every thread: what a line needs is kept in the row.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/data/feature_plan.h"
#include "engine/data/row.h"

namespace lossmith {

class RowParser {
 public:
  virtual ~RowParser() = default;
  // False when the line is malformed: `reason` then says the column, what was wanted and what was got. `line` is without its ending.
  virtual bool parse(std::string_view line, Row& row, std::string& reason) const = 0;
};

std::unique_ptr<const RowParser> rowParserOf(const FeaturePlan& plan);

}  // namespace lossmith
