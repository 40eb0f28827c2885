// See survey.h.
#include "engine/data/survey.h"

#include <algorithm>
#include <unordered_map>

#include "engine/data/line_reader.h"
#include "engine/data/piece_stream.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

struct Seen {
  int64_t row, count;
};

// The values of one field.
class FieldSurvey {
 public:
  FieldSurvey(int64_t field, int64_t limit) : field_(field), limit_(static_cast<size_t>(limit)) {}

  void add(const FeatureEncoder& encoder, const Row& row, const std::vector<int64_t>& ids) {
    encoder.appendValue(row, field_, text_);
    if (text_.size() > kExcerptBytes) text_.resize(kExcerptBytes);
    if (const auto found = seen_.find(text_); found != seen_.end()) {
      found->second.count++;
    } else if (seen_.size() < limit_) {
      seen_.emplace(text_, Seen{ids[static_cast<size_t>(field_)], 1});
    } else {
      more_ = true;
    }
    text_.clear();
  }

  SurveyedField take() const {
    SurveyedField out{field_, {}, more_};
    for (const auto& [text, seen] : seen_) out.values.push_back({text, seen.row, seen.count});
    std::sort(out.values.begin(), out.values.end(), [](const SurveyedValue& a, const SurveyedValue& b) { return a.text < b.text; });
    return out;
  }

 private:
  int64_t field_;
  size_t limit_;
  std::unordered_map<std::string, Seen> seen_;
  std::string text_;  // of the row at hand; kept for its memory
  bool more_ = false;
};

std::vector<FieldSurvey> fieldSurveys(const FeaturePlan& plan, const std::vector<int64_t>& fields, int64_t limit) {
  std::vector<FieldSurvey> surveys;
  for (const int64_t field : fields) {
    if (field < 0 || field >= plan.fields) {
      throw configError("features", "[survey] wanted a field below " + std::to_string(plan.fields) + ", got " + std::to_string(field));
    }
    surveys.emplace_back(field, limit);
  }
  return surveys;
}

}  // namespace

Survey survey(const std::shared_ptr<LogSource>& source, const std::vector<Piece>& pieces, const std::vector<int64_t>& fields, int64_t limit) {
  const FeaturePlan& plan = source->features();
  const FeatureEncoder& encoder = source->encoder();
  std::vector<FieldSurvey> surveys = fieldSurveys(plan, fields, limit);
  Survey out;
  out.class_counts.resize(static_cast<size_t>(std::max<int64_t>(plan.classes, 2)));
  std::vector<int64_t> ids(static_cast<size_t>(plan.fields));
  std::vector<float> numbers(static_cast<size_t>(plan.width));
  Row row;
  for (const Piece& piece : pieces) {
    PieceStream rows(source, piece);
    Tally tally;
    while (rows.next(row, tally)) {
      out.examples++;
      out.class_counts[static_cast<size_t>(row.label)]++;
      if (surveys.empty()) continue;
      encoder.encode(row, ids.data(), numbers.data());
      for (FieldSurvey& survey : surveys) survey.add(encoder, row, ids);
    }
  }
  for (const FieldSurvey& survey : surveys) out.fields.push_back(survey.take());
  return out;
}

}  // namespace lossmith
