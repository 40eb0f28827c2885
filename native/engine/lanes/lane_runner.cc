// See lane_runner.h.
#include "engine/lanes/lane_runner.h"

#include <algorithm>

namespace lossmith {
namespace {

std::vector<TableSpec> specsOf(const RunnerState& state) {
  std::vector<TableSpec> specs;
  for (const auto& table : state.tables) specs.push_back(table->spec());
  return specs;
}

}  // namespace

LaneRunner::LaneRunner(const Program& program, const std::string& output, const RunnerState& state)
    : binding_(program, output, state.dense, specsOf(state), state.controller.phi.size()),
      dense_(state.dense),
      controller_(state.controller),
      executor_(program) {
  context_.seed = state.seed;
  for (const size_t parameter : binding_.parameters) {
    context_.parameters.push_back(dense_.weight() + dense_.offset(parameter));
    if (state.tangent.size() > 0) context_.tangents.push_back(state.tangent.data() + dense_.offset(parameter));
  }
  for (const size_t table : binding_.tables) context_.tables.push_back(state.tables[table]->view());
  for (const int64_t size : binding_.output_sizes) outputs_.emplace_back(size);
  for (std::vector<float>& values : outputs_) context_.outputs.push_back(values.data());
}

const float* LaneRunner::run(const Batch& batch, int64_t step, int lane, float* gradient, std::vector<RowSparse>* table_gradients) {
  context_.batch = batch.count;
  context_.step = step;
  context_.lane = lane;
  binding_.checkBatch(batch);
  context_.inputs.clear();
  for (const std::string& name : binding_.program->inputs) context_.inputs.push_back(input(name, batch));
  context_.gradients.clear();
  context_.table_gradients.clear();
  if (gradient != nullptr) {
    for (size_t parameter : binding_.parameters) context_.gradients.push_back(gradient + dense_.offset(parameter));
    for (size_t table : binding_.tables) context_.table_gradients.push_back(&(*table_gradients)[table]);
  }
  executor_.run(context_);
  return outputs_[binding_.output].data();
}

std::span<const float> LaneRunner::output(const std::string& name) const {
  const std::vector<std::string>& names = binding_.program->outputs;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return {};
  return outputs_[found - names.begin()];
}

const void* LaneRunner::input(const std::string& name, const Batch& batch) const {
  if (name == "ids") return batch.ids.data();
  if (name == "numbers") return batch.numbers.data();
  if (name == "labels") return batch.labels.data();
  if (name == "controller") return controller_.phi.data();
  return &controller_.temperature;
}

}  // namespace lossmith
