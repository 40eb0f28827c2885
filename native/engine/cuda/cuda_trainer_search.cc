// See cuda_trainer.h. What a step does for the controller: the validation gradient, V from it, and each lane's evidence. Weights stay as they are.
#include "engine/cuda/cuda_trainer.h"

namespace lossmith {

std::vector<LaneResult> CudaTrainer::validate(int64_t, Feed& feed) {
  order_.beginValidate();
  device_->use();
  std::vector<LaneResult> results = runLanes(*validation_, feed, [&](int) -> DeviceRunner& { return *validate_; });
  order_.validated();
  return results;
}

// Rows that the step's own gradient lacks take part in the sums, and V does not look at them.
StepSummary CudaTrainer::exchangeValidation() {
  device_->use();
  order_.beginExchangeValidation();
  return order_.validationExchanged(exchangeOf(*validation_).run(validation_->gradients, false, controller_.version));
}

std::vector<LaneEvidence> CudaTrainer::tangents(int64_t step) {
  order_.beginTangents(step);
  device_->use();
  const DeviceExchange &gradient = *training_->exchange, &validation = *validation_->exchange;
  *inputs_.onHost<LookaheadStep>(inputs_.lookahead_at) =
      LookaheadStep(options_.optimizer, options_.controller->lookahead, step, order_.summary().examples, order_.validation().examples);
  inputs_.send(stream(), inputs_.lookahead_at, inputs_.bytes);
  const auto* scalars = inputs_.onDevice<LookaheadStep>(inputs_.lookahead_at);
  lookaheadDenseOnDevice(stream(), scalars, denseState(), gradient.dense(), validation.dense(), tangent_.as<float>());
  std::vector<TableLookahead> tables;
  for (size_t table = 0; table < tables_.size(); table++) tables.push_back({tables_[table].view(), gradient.rows(table), validation.rows(table)});
  lookaheadTablesOnDevice(stream(), scalars, tables);

  DeviceLanes& lanes = training_->lanes;
  for (int lane = 0; lane < options_.lane_count; lane++) {
    const int64_t examples = training_->gradients[lane].examples;
    DeviceRunner& runner = *search_[lane];
    if (examples == 0) continue;
    enqueueOrReplay(runner, training_->input.place(), lane, ProgramPhase::Second, examples == training_->lane_batch,
                    [&] { runner.enqueue(ProgramPhase::Second); });
  }
  lanes.report(stream());
  lanes.wait();
  std::vector<LaneEvidence> results;
  for (int lane = 0; lane < options_.lane_count; lane++) {
    LaneEvidence result{options_.first_lane + lane, training_->gradients[lane].examples, {}};
    const std::span<const float> evidence = search_[lane]->output(lanes.reportedOutputs(lane), "evidence");
    if (result.examples > 0) result.evidence.assign(evidence.begin(), evidence.end());
    results.push_back(std::move(result));
  }
  order_.taught();
  return results;
}

}  // namespace lossmith
