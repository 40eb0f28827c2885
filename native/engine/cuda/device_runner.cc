// See device_runner.h.
#include "engine/cuda/device_runner.h"

#include <algorithm>

namespace lossmith {
namespace {

std::vector<TableSpec> specsOf(const std::vector<TableOnDevice>& tables) {
  std::vector<TableSpec> specs;
  for (const TableOnDevice& table : tables) specs.push_back(table.spec());
  return specs;
}

}  // namespace

DeviceRunner::DeviceRunner(const Program& program, const std::string& output, const DeviceRunnerState& state, const DeviceSetup& setup)
    : binding_(program, output, state.dense, specsOf(state.tables), state.controller_size), state_(state), executor_(program, setup) {
  run_.seed = state.seed;
  for (const size_t parameter : binding_.parameters) {
    run_.parameters.push_back(state.weight + state.dense.offset(parameter));
    if (state.tangent != nullptr) run_.tangents.push_back(state.tangent + state.dense.offset(parameter));
  }
  for (const size_t table : binding_.tables) run_.tables.push_back(state.tables[table].view());
  for (const int64_t size : binding_.output_sizes) {
    output_offsets_.push_back(output_floats_);
    output_floats_ += (size + kLineFloats - 1) / kLineFloats * kLineFloats;
  }
}

void DeviceRunner::bind(const DeviceBatch& batch, const DeviceRunTarget& target) {
  run_.batch = batch.count;
  run_.scalars = target.scalars;
  run_.bad_row = target.bad_row;
  run_.not_finite = target.not_finite;
  run_.inputs.clear();
  for (const std::string& name : binding_.program->inputs) run_.inputs.push_back(input(name, batch));
  run_.outputs.clear();
  for (const int64_t offset : output_offsets_) run_.outputs.push_back(target.outputs + offset);
  run_.gradients.clear();
  run_.table_gradients.clear();
  if (target.dense != nullptr) {
    for (const size_t parameter : binding_.parameters) run_.gradients.push_back(target.dense + state_.dense.offset(parameter));
    for (const size_t table : binding_.tables) run_.table_gradients.push_back((*target.tables)[table]);
  }
}

std::span<const float> DeviceRunner::output(const float* outputs, const std::string& name) const {
  const std::vector<std::string>& names = binding_.program->outputs;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return {};
  const size_t number = found - names.begin();
  return {outputs + output_offsets_[number], static_cast<size_t>(binding_.output_sizes[number])};
}

const void* DeviceRunner::input(const std::string& name, const DeviceBatch& batch) const {
  if (name == "ids") return batch.ids;
  if (name == "numbers") return batch.numbers;
  if (name == "labels") return batch.labels;
  if (name == "controller") return state_.phi;
  return state_.temperature;
}

}  // namespace lossmith
