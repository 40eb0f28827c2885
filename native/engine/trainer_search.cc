// See trainer.h. What a step does for the controller: the validation gradient, V from it, and each lane's evidence. Weights stay as they are.
#include <algorithm>

#include "engine/errors.h"
#include "engine/trainer.h"

namespace lossmith {
namespace {

constexpr int64_t kFloatsPerTask = 1 << 14;
constexpr int64_t kRowsPerTask = 1024;

int64_t tasksOf(int64_t size, int64_t task) { return (size + task - 1) / task; }

}  // namespace

void Trainer::wantSearch(const char* call, Phase wanted, const StepSummary& summary) const {
  const std::string name = std::string("[") + call + "] wanted ";
  if (!searched_ || phase_ != wanted) {
    throw brokenError("search-order", name + "compute with search, exchange, validate, exchangeValidation, tangents in this order, got another");
  }
  if (summary.examples == 0 || !summary.not_finite.empty()) {
    throw brokenError("search-order", name + "examples with finite gradients, got " + std::to_string(summary.examples) + " examples, " +
                                          std::to_string(summary.not_finite.size()) + " lanes that are not finite");
  }
}

std::vector<LaneResult> Trainer::validate(int64_t step, Feed& feed) {
  wantSearch("validate", Phase::Exchanged, summary_);
  std::vector<LaneResult> results(options_.lane_count);
  team_.run(options_.lane_count, [&](int64_t number, int thread) {
    LaneRunner& runner = made(validate_[thread], *options_.controller->validate, "objective");
    computeLane(step, feed, static_cast<int>(number), runner, validation_, results[number]);
  });
  phase_ = Phase::Validated;
  return results;
}

StepSummary Trainer::exchangeValidation() {
  wantSearch("exchangeValidation", Phase::Validated, summary_);
  phase_ = Phase::None;
  validation_summary_ = validation_exchange_->run(validation_.gradients, false, controller_.version);
  phase_ = Phase::ValidationExchanged;
  return validation_summary_;
}

std::vector<LaneEvidence> Trainer::tangents(int64_t step) {
  wantSearch("tangents", Phase::ValidationExchanged, validation_summary_);
  if (step < 1) throw configError("step", "[tangents] wanted a step of at least 1, got " + std::to_string(step));
  const LookaheadStep scalars(options_.optimizer, options_.controller->lookahead, step, summary_.examples, validation_summary_.examples);
  team_.run(tasksOf(dense_.size(), kFloatsPerTask), [&](int64_t task, int) {
    const int64_t from = task * kFloatsPerTask, count = std::min(kFloatsPerTask, dense_.size() - from);
    dense_.lookahead(scalars, from, count, exchange_.dense(), validation_exchange_->dense(), tangent_.data());
  });
  for (size_t table = 0; table < tables_.size(); table++) tangentsOfTable(table, scalars);

  std::vector<LaneEvidence> results(options_.lane_count);
  team_.run(options_.lane_count, [&](int64_t number, int) {
    LaneEvidence& result = results[number];
    result.lane = options_.first_lane + static_cast<int>(number);
    result.examples = training_.batches[number].count;
    if (result.examples == 0) return;
    search_[number]->runSecondPhase();
    const std::span<const float> evidence = search_[number]->output("evidence");
    result.evidence.assign(evidence.begin(), evidence.end());
  });
  phase_ = Phase::Taught;
  return results;
}

// Both exchanges cut the rows into the same ranges, so span i of one has all rows of the other's span i. Lookups of the second phase name rows
// of the step's gradient only, and each of them is written.
void Trainer::tangentsOfTable(size_t number, const LookaheadStep& scalars) {
  Table& table = *tables_[number];
  const int64_t width = table.spec().width;
  const std::vector<RowSpan>&gradients = exchange_.rows(number), &validations = validation_exchange_->rows(number);
  for (size_t i = 0; i < gradients.size(); i++) {
    team_.run(tasksOf(gradients[i].count, kRowsPerTask), [&](int64_t task, int) {
      const int64_t from = task * kRowsPerTask, count = std::min(kRowsPerTask, gradients[i].count - from);
      const RowSpan gradient{gradients[i].rows + from, gradients[i].values + from * width, count};
      const RowSpan validation = rowsWithin(validations[i], width, gradient.rows[0], gradient.rows[count - 1] + 1);
      lookaheadRows(scalars, table.base(), table.stride(), width, table.tangent(), gradient, validation);
    });
  }
}

}  // namespace lossmith
