// Lines of libFM and libSVM: `label index:value …` between spaces or tabs. The j-th entry is field j, its category the index; the value must be
// 1, as of one-hot features. Other values and lines of another number of entries are refused: this trainer has fields, no bags.
#pragma once

#include "engine/data/row_parser.h"

namespace lossmith {

class LibsvmParser : public RowParser {
 public:
  explicit LibsvmParser(const FeaturePlan& plan) : plan_(plan) {}
  bool parse(std::string_view line, Row& row, std::string& reason) const override;

 private:
  FeaturePlan plan_;
};

}  // namespace lossmith
