// See cpu_trainer.h. What a step does for the controller: the validation gradient, V from it, and each lane's evidence. Weights stay as they are.
#include <algorithm>

#include "engine/cpu_trainer.h"

namespace lossmith {
namespace {

constexpr int64_t kFloatsPerTask = 1 << 14;
constexpr int64_t kRowsPerTask = 1024;

int64_t tasksOf(int64_t size, int64_t task) { return (size + task - 1) / task; }

}  // namespace

std::vector<LaneResult> CpuTrainer::validate(int64_t step, Feed& feed) {
  order_.beginValidate();
  std::vector<LaneResult> results(options_.lane_count);
  team_.run(options_.lane_count, [&](int64_t number, int thread) {
    LaneRunner& runner = made(validate_[thread], *options_.controller->validate, "objective");
    computeLane(step, feed, static_cast<int>(number), runner, validation_, results[number]);
  });
  order_.validated();
  return results;
}

StepSummary CpuTrainer::exchangeValidation() {
  order_.beginExchangeValidation();
  return order_.validationExchanged(validation_exchange_->run(validation_.gradients, false, controller_.version));
}

std::vector<LaneEvidence> CpuTrainer::tangents(int64_t step) {
  order_.beginTangents(step);
  const LookaheadStep scalars(options_.optimizer, options_.controller->lookahead, step, order_.summary().examples, order_.validation().examples);
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
  order_.taught();
  return results;
}

// Both exchanges cut the rows into the same ranges, so span i of one has all rows of the other's span i. Lookups of the second phase name rows
// of the step's gradient only, and each of them is written.
void CpuTrainer::tangentsOfTable(size_t number, const LookaheadStep& scalars) {
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
