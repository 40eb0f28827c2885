// Lines of cells between delimiters; an empty cell is missing. In a delimited log a cell may stand in quotes ("a ""b"", c"), numbers are decimal; in
// Criteo's format a quote is a character as any other and numbers are integers.
#pragma once

#include "engine/data/row_parser.h"

namespace lossmith {

class DelimitedParser : public RowParser {
 public:
  explicit DelimitedParser(const FeaturePlan& plan) : plan_(plan), plain_(plan.format.kind == LogFormat::Kind::Criteo) {}
  bool parse(std::string_view line, Row& row, std::string& reason) const override;

 private:
  bool splitQuoted(std::string_view line, Row& row, std::string& reason) const;
  template <class CellAt>
  bool fill(const CellAt& cellAt, Row& row, std::string& reason) const;
  bool parseNumber(const Column& column, std::string_view cell, size_t j, Row& row, std::string& reason) const;

  FeaturePlan plan_;
  bool plain_;
};

}  // namespace lossmith
