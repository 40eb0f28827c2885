// Lines of cells between delimiters; an empty cell is missing. In a delimited log a cell may stand in quotes ("a ""b"", c"), numbers are decimal; in
// Criteo's format a quote is a character as any other and numbers are integers.
#pragma once

#include <vector>

#include "engine/data/cell.h"
#include "engine/data/row_parser.h"

namespace lossmith {

class DelimitedParser : public RowParser {
 public:
  explicit DelimitedParser(const FeaturePlan& plan);
  bool parse(std::string_view line, Row& row, std::string& reason) const override;

 private:
  bool splitQuoted(std::string_view line, Row& row, std::string& reason) const;
  template <class CellAt>
  bool fill(const CellAt& cellAt, Row& row, std::string& reason) const;
  Parsed parseNumber(std::string_view cell, int64_t& whole, double& decimal) const {
    return plain_ ? parseInteger(cell, whole) : parseDecimal(cell, whole, decimal);
  }
  std::string wantedNumber(Parsed got, size_t column, std::string_view cell) const;

  FeaturePlan plan_;
  bool plain_;
  std::vector<size_t> numbers_, categories_;  // places of cells
};

}  // namespace lossmith
