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

LaneRunner::LaneRunner(const Program& program, const std::string& output, const DenseState& dense, const std::vector<std::unique_ptr<Table>>& tables,
                       uint64_t seed)
    : program_(program), dense_(dense), executor_(program) {
  context_.seed = seed;
  for (const std::string& name : program.parameters) {
    const auto& specs = dense.specs();
    const auto found = std::find_if(specs.begin(), specs.end(), [&](const ParameterSpec& spec) { return spec.name == name; });
    if (found == specs.end()) throw planError(program, "a parameter of the plan", name);
    parameters_.push_back(found - specs.begin());
    context_.parameters.push_back(dense.weight() + dense.offset(parameters_.back()));
  }
  for (const std::string& name : program.tables) {
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const auto& table) { return table->spec().name == name; });
    if (found == tables.end()) throw planError(program, "a table of the plan", name);
    tables_.push_back(found - tables.begin());
    context_.tables.push_back((*found)->view());
  }
  input_widths_.resize(program.inputs.size());
  outputs_.resize(program.outputs.size());
  for (const Buffer& buffer : program.buffers) {
    if (buffer.place == Place::Input) input_widths_[buffer.index] = buffer.inner;
    if (buffer.place == Place::Output) outputs_[buffer.index].resize(buffer.inner * (buffer.batch ? program.max_batch : 1));
  }
  for (std::vector<float>& values : outputs_) context_.outputs.push_back(values.data());
  const auto found = std::find(program.outputs.begin(), program.outputs.end(), output);
  if (found == program.outputs.end()) throw planError(program, "an output " + output, "none");
  output_ = found - program.outputs.begin();
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

const void* LaneRunner::input(const std::string& name, const Batch& batch) const {
  if (name == "ids") return batch.ids.data();
  if (name == "numbers") return batch.numbers.data();
  if (name == "labels") return batch.labels.data();
  throw planError(program_, "inputs ids, numbers, labels", name);
}

}  // namespace lossmith
