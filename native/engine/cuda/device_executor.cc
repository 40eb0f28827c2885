// See device_executor.h.
#include "engine/cuda/device_executor.h"

#include <algorithm>
#include <utility>

#include "engine/cuda/ops.h"
#include "engine/program_check.h"
#include "engine/run_check.h"

namespace lossmith {
namespace {

std::unique_ptr<DeviceKernel> makeKernel(const Instruction& instruction) {
  if (const auto* concat = std::get_if<Concat>(&instruction)) return makeDeviceConcat(*concat);
  throw configError("device-op", "[device_executor] wanted an instruction that devices have, got number " + std::to_string(instruction.index()));
}

}  // namespace

struct DeviceExecutor::State {
  State(const Program& program, DeviceSetup setup) : program(program), setup(setup), arena(setup.device, program.arena_bytes) {
    checkProgram(program);
    for (const Instruction& instruction : program.code) kernels.push_back(makeKernel(instruction));
    frame.bases.resize(program.buffers.size());
    frame.groups.resize(program.buffers.size());
    constants.resize(program.buffers.size());
    Stream& stream = setup.device.stream();
    for (size_t i = 0; i < program.buffers.size(); i++) {
      const std::vector<float>& values = program.buffers[i].values;
      if (program.buffers[i].place != Place::Constant) continue;
      constants[i] = DeviceMemory(setup.device, values.size() * sizeof(float));
      stream.copyIn(constants[i].data(), values.data(), values.size() * sizeof(float));
    }
    stream.synchronize();
  }

  void begin(const DeviceRun& run) {
    frame.stream = &setup.device.stream();
    frame.batch = run.batch;
    frame.seed = run.seed;
    frame.scalars = run.scalars;
    frame.bad_row = run.bad_row;
    frame.tables = run.tables;
    frame.table_gradients = run.table_gradients;
    for (size_t i = 0; i < frame.bases.size(); i++) frame.bases[i] = locate(i, run);
  }

  void* locate(size_t number, const DeviceRun& run) {
    const Buffer& buffer = program.buffers[number];
    switch (buffer.place) {
      case Place::Arena:
        return arena.as<std::byte>() + buffer.offset;
      case Place::Input:
        return const_cast<void*>(run.inputs[buffer.index]);
      case Place::Parameter:
        return const_cast<float*>(run.parameters[buffer.index]);
      case Place::Tangent:
        return const_cast<float*>(run.tangents[buffer.index]);
      case Place::Gradient:
        return run.gradients[buffer.index];
      case Place::Output:
        return run.outputs[buffer.index];
      case Place::Constant:
        return constants[number].data();
    }
    return nullptr;
  }

  const Program& program;
  const DeviceSetup setup;
  DeviceMemory arena;
  std::vector<DeviceMemory> constants;  // by buffer
  std::vector<std::unique_ptr<DeviceKernel>> kernels;
  DeviceFrame frame;
};

DeviceExecutor::DeviceExecutor(const Program& program, DeviceSetup setup, bool) : state_(std::make_unique<State>(program, setup)) {}
DeviceExecutor::~DeviceExecutor() = default;

void DeviceExecutor::enqueue(const DeviceRun& run, ProgramPhase phase) {
  State& state = *state_;
  checkRun(state.program, run);
  state.begin(run);
  const size_t cut = state.program.cut, end = phase == ProgramPhase::First ? cut : state.kernels.size();
  for (size_t i = phase == ProgramPhase::First ? 0 : cut; i < end; i++) state.kernels[i]->enqueue(state.frame);
}

void DeviceExecutor::replay(const DeviceRun& run, ProgramPhase phase) { enqueue(run, phase); }

int64_t DeviceExecutor::bytes() const { return static_cast<int64_t>(state_->arena.bytes()); }

std::vector<InstructionTime> DeviceExecutor::profile(const DeviceRun&, int, ProgramPhase) { return {}; }

void DeviceExecutor::enableGuards() {}
std::vector<int> DeviceExecutor::overruns() { return {}; }

Error badRow(const Program& program, const std::vector<DeviceTable>& tables, int64_t row) {
  if (row == kBadMinusOne) row = -1;
  std::string wanted;
  for (size_t t = 0; t < program.tables.size(); t++) {
    if (row >= 0 && row < tables[t].rows) continue;
    wanted += (wanted.empty() ? "\"" : ", \"") + program.tables[t] + "\" from 0 to " + std::to_string(tables[t].rows - 1);
  }
  return configError("row-out-of-range", "[lookup] wanted ids of table " + wanted + ", got " + std::to_string(row));
}

}  // namespace lossmith
