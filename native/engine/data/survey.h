// Looks at pieces for what a loss must know of its examples: how many have which label, and the values of chosen fields with their rows.
// A value is the cell's bytes, at most kExcerptBytes of them; of a binned number its token; "(rare)" where the vocabulary lacks it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/data/log_source.h"

namespace lossmith {

struct SurveyedValue {
  std::string text;
  int64_t row, count;
};

struct SurveyedField {
  int64_t field;                      // its place among the ids
  std::vector<SurveyedValue> values;  // by text; at most `limit`
  bool more;                          // there are others
};

struct Survey {
  int64_t examples = 0;
  std::vector<int64_t> class_counts;  // by class; of a click log [others, clicks]
  std::vector<SurveyedField> fields;
};

// Malformed lines are not looked at. Throws Error(Config, "features") for a field that the plan has not.
Survey survey(const std::shared_ptr<LogSource>& source, const std::vector<Piece>& pieces, const std::vector<int64_t>& fields, int64_t limit);

}  // namespace lossmith
