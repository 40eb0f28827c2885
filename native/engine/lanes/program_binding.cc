// See program_binding.h.
#include "engine/lanes/program_binding.h"

#include <algorithm>

#include "engine/errors.h"

namespace lossmith {
namespace {

Error planError(const Program& program, const std::string& wanted, const std::string& got) {
  return configError("plan", "[" + program.name + "] wanted " + wanted + ", got " + got);
}

template <class Specs>
size_t numberOf(const Program& program, const Specs& specs, const std::string& name, const char* what) {
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
  if (found == specs.end()) throw planError(program, std::string("a ") + what + " of the plan", name);
  return found - specs.begin();
}

// The controller's inputs do not grow with the batch.
void checkInput(const Program& program, const Buffer& buffer, int64_t controller_size) {
  const std::string& name = program.inputs[buffer.index];
  const bool controller = name == "controller", temperature = name == "temperature";
  const int64_t wanted = controller ? controller_size : 1;
  if (!(controller || temperature) || (!buffer.batch && buffer.inner == wanted)) return;
  throw planError(program, std::to_string(wanted) + " floats of input " + name, std::to_string(buffer.inner) + (buffer.batch ? "·B" : ""));
}

}  // namespace

ProgramBinding::ProgramBinding(const Program& program, const std::string& output_name, const DenseLayout& dense,
                               const std::vector<TableSpec>& table_specs, int64_t controller_size)
    : program(&program), input_widths(program.inputs.size()), output_sizes(program.outputs.size()) {
  for (const std::string& name : program.parameters) parameters.push_back(numberOf(program, dense.specs(), name, "parameter"));
  for (const std::string& name : program.tables) tables.push_back(numberOf(program, table_specs, name, "table"));
  for (const std::string& name : program.inputs) {
    const bool known = name == "ids" || name == "numbers" || name == "labels" || name == "controller" || name == "temperature";
    if (!known) throw planError(program, "inputs ids, numbers, labels, controller, temperature", name);
  }
  for (const Buffer& buffer : program.buffers) {
    if (buffer.place == Place::Input) checkInput(program, buffer, controller_size);
    if (buffer.place == Place::Input && buffer.batch) input_widths[buffer.index] = buffer.inner;
    if (buffer.place == Place::Output) output_sizes[buffer.index] = buffer.inner * (buffer.batch ? program.max_batch : 1);
  }
  const auto found = std::find(program.outputs.begin(), program.outputs.end(), output_name);
  if (found == program.outputs.end()) throw planError(program, "an output " + output_name, "none");
  output = found - program.outputs.begin();
}

void ProgramBinding::checkBatch(const Batch& batch) const {
  for (size_t i = 0; i < program->inputs.size(); i++) {
    const std::string& name = program->inputs[i];
    const int64_t wanted = batch.count * input_widths[i];
    const size_t got = name == "ids" ? batch.ids.size() : name == "numbers" ? batch.numbers.size() : batch.labels.size();
    if (batch.count <= program->max_batch && static_cast<int64_t>(got) >= wanted) continue;
    throw configError("batch-shape", "[" + program->name + "] wanted at most " + std::to_string(program->max_batch) + " examples with " +
                                         std::to_string(input_widths[i]) + " " + name + " each, got " + std::to_string(batch.count) + " with " +
                                         std::to_string(got) + " in all");
  }
}

int64_t ProgramBinding::width(const std::string& input) const {
  const auto found = std::find(program->inputs.begin(), program->inputs.end(), input);
  return found == program->inputs.end() ? 0 : input_widths[found - program->inputs.begin()];
}

}  // namespace lossmith
