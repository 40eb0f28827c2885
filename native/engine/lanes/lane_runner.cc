// See lane_runner.h.
#include "engine/lanes/lane_runner.h"

#include <algorithm>

#include "engine/errors.h"

namespace lossmith {
namespace {

Error planError(const Program& program, const std::string& wanted, const std::string& got) {
  return configError("plan", "[" + program.name + "] wanted " + wanted + ", got " + got);
}

}  // namespace

LaneRunner::LaneRunner(const Program& program, const std::string& output, const RunnerState& state)
    : program_(program), dense_(state.dense), controller_(state.controller), executor_(program) {
  context_.seed = state.seed;
  for (const std::string& name : program.parameters) {
    const auto& specs = dense_.specs();
    const auto found = std::find_if(specs.begin(), specs.end(), [&](const ParameterSpec& spec) { return spec.name == name; });
    if (found == specs.end()) throw planError(program, "a parameter of the plan", name);
    parameters_.push_back(found - specs.begin());
    context_.parameters.push_back(dense_.weight() + dense_.offset(parameters_.back()));
    if (state.tangent.size() > 0) context_.tangents.push_back(state.tangent.data() + dense_.offset(parameters_.back()));
  }
  for (const std::string& name : program.tables) {
    const auto found = std::find_if(state.tables.begin(), state.tables.end(), [&](const auto& table) { return table->spec().name == name; });
    if (found == state.tables.end()) throw planError(program, "a table of the plan", name);
    tables_.push_back(found - state.tables.begin());
    context_.tables.push_back((*found)->view());
  }
  input_widths_.resize(program.inputs.size());
  outputs_.resize(program.outputs.size());
  for (const Buffer& buffer : program.buffers) {
    if (buffer.place == Place::Input) checkInput(buffer);
    if (buffer.place == Place::Input && buffer.batch) input_widths_[buffer.index] = buffer.inner;
    if (buffer.place == Place::Output) outputs_[buffer.index].resize(buffer.inner * (buffer.batch ? program.max_batch : 1));
  }
  for (std::vector<float>& values : outputs_) context_.outputs.push_back(values.data());
  const auto found = std::find(program.outputs.begin(), program.outputs.end(), output);
  if (found == program.outputs.end()) throw planError(program, "an output " + output, "none");
  output_ = found - program.outputs.begin();
}

// The controller's inputs do not grow with the batch.
void LaneRunner::checkInput(const Buffer& buffer) const {
  const std::string& name = program_.inputs[buffer.index];
  const bool controller = name == "controller", temperature = name == "temperature";
  const int64_t wanted = controller ? static_cast<int64_t>(controller_.phi.size()) : 1;
  if (!(controller || temperature) || (!buffer.batch && buffer.inner == wanted)) return;
  throw planError(program_, std::to_string(wanted) + " floats of input " + name, std::to_string(buffer.inner) + (buffer.batch ? "·B" : ""));
}

const float* LaneRunner::run(const Batch& batch, int64_t step, int lane, float* gradient, std::vector<RowSparse>* table_gradients) {
  context_.batch = batch.count;
  context_.step = step;
  context_.lane = lane;
  context_.inputs.clear();
  for (size_t i = 0; i < program_.inputs.size(); i++) {
    const std::string& name = program_.inputs[i];
    const int64_t wanted = batch.count * input_widths_[i];
    const size_t got = name == "ids" ? batch.ids.size() : name == "numbers" ? batch.numbers.size() : batch.labels.size();
    if (batch.count > program_.max_batch || static_cast<int64_t>(got) < wanted) {
      throw configError("batch-shape", "[" + program_.name + "] wanted at most " + std::to_string(program_.max_batch) + " examples with " +
                                           std::to_string(input_widths_[i]) + " " + name + " each, got " + std::to_string(batch.count) + " with " +
                                           std::to_string(got) + " in all");
    }
    context_.inputs.push_back(input(name, batch));
  }
  context_.gradients.clear();
  context_.table_gradients.clear();
  if (gradient != nullptr) {
    for (size_t parameter : parameters_) context_.gradients.push_back(gradient + dense_.offset(parameter));
    for (size_t table : tables_) context_.table_gradients.push_back(&(*table_gradients)[table]);
  }
  executor_.run(context_);
  return outputs_[output_].data();
}

std::span<const float> LaneRunner::output(const std::string& name) const {
  const auto found = std::find(program_.outputs.begin(), program_.outputs.end(), name);
  if (found == program_.outputs.end()) return {};
  return outputs_[found - program_.outputs.begin()];
}

const void* LaneRunner::input(const std::string& name, const Batch& batch) const {
  if (name == "ids") return batch.ids.data();
  if (name == "numbers") return batch.numbers.data();
  if (name == "labels") return batch.labels.data();
  if (name == "controller") return controller_.phi.data();
  if (name == "temperature") return &controller_.temperature;
  throw planError(program_, "inputs ids, numbers, labels, controller, temperature", name);
}

}  // namespace lossmith
