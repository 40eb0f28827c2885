// See device_executor.h.
#include "engine/cuda/device_executor.h"

#include <map>
#include <utility>

#include "engine/cuda/device_launches.h"
#include "engine/cuda/fuse_matmul.h"
#include "engine/cuda/guarded_device_memory.h"
#include "engine/cuda/ops.h"
#include "engine/cuda/products.h"
#include "engine/program_check.h"
#include "engine/run_check.h"

namespace lossmith {
namespace {

int64_t bytesOf(const Buffer& buffer, int64_t batch) { return buffer.inner * (buffer.batch ? batch : 1) * static_cast<int64_t>(sizeof(float)); }

// All that a captured run holds: runs of the same words may share a graph.
std::vector<uint64_t> wordsOf(const DeviceRun& run, ProgramPhase phase) {
  std::vector<uint64_t> words{phase == ProgramPhase::First ? 0u : 1u, run.seed};
  const auto add = [&](auto value) { words.push_back(static_cast<uint64_t>(value)); };
  const auto point = [&](const void* pointer) { words.push_back(reinterpret_cast<uintptr_t>(pointer)); };
  point(run.scalars);
  point(run.bad_row);
  point(run.not_finite);
  for (const void* input : run.inputs) point(input);
  for (const float* parameter : run.parameters) point(parameter);
  for (const float* tangent : run.tangents) point(tangent);
  for (const DeviceTable& table : run.tables) {
    point(table.data);
    for (const int64_t number : {table.rows, table.width, table.stride, table.tangent}) add(number);
  }
  for (const float* gradient : run.gradients) point(gradient);
  for (const DeviceRows& rows : run.table_gradients) {
    for (const void* pointer : std::initializer_list<const void*>{rows.count, rows.rows, rows.values}) point(pointer);
    add(rows.capacity);
  }
  for (const float* output : run.outputs) point(output);
  return words;
}

const Program& checked(const Program& program) {
  checkProgram(program);
  return program;
}

}  // namespace

struct DeviceExecutor::State {
  State(const Program& program, DeviceSetup setup, bool fuse)
      : program(checked(program)),
        setup(setup),
        code(fuse ? fuseMatmuls(program, setup.products.precision()) : unfused(program)),
        launches(makeLaunches(program, code, this->setup, fuse)),
        workspace(setup.device, kWorkspaceBytes) {
    const std::vector<Buffer>& buffers = code.program.buffers;
    frame.bases.resize(buffers.size());
    frame.groups.resize(buffers.size());
    own.resize(buffers.size());
    Stream& stream = setup.device.stream();
    for (size_t i = 0; i < buffers.size(); i++) {
      if (buffers[i].place != Place::Constant) continue;
      own[i] = DeviceMemory(setup.device, buffers[i].values.size() * sizeof(float));
      stream.copyIn(own[i].data(), buffers[i].values.data(), own[i].bytes());
    }
    stream.synchronize();
    filled.resize(program.tables.size());
    for (const Instruction& instruction : program.code) {
      if (const auto* gradient = std::get_if<LookupGrad>(&instruction)) filled[gradient->table] = true;
    }
  }

  void enqueue(const DeviceRun& run, ProgramPhase phase) {
    begin(run, phase);
    for (DeviceLaunch& launch : of(phase)) launch.kernel->enqueue(frame);
  }

  void begin(const DeviceRun& run, ProgramPhase phase) {
    checkRun(program, run);
    frame.stream = &setup.device.stream();
    frame.batch = run.batch;
    frame.seed = run.seed;
    frame.scalars = run.scalars;
    frame.bad_row = run.bad_row;
    frame.not_finite = run.not_finite;
    frame.tables = run.tables;
    frame.table_gradients = run.table_gradients;
    frame.workspace = workspace.data();
    frame.workspace_bytes = workspace.bytes();
    const bool first = phase == ProgramPhase::First;
    if (first) reserve(run.batch);
    for (size_t i = 0; i < frame.bases.size(); i++) frame.bases[i] = locate(i, run);
    for (size_t t = 0; first && t < run.table_gradients.size(); t++) {
      if (!filled[t]) frame.stream->fill(run.table_gradients[t].count, 0, sizeof(int64_t));
    }
  }

  // Memory of the arena, with the first run: with guards it is of no use.
  void reserve(int64_t batch) {
    for (size_t i = 0; i < own.size(); i++) {
      const Buffer& buffer = code.program.buffers[i];
      if (buffer.place != Place::Arena) continue;
      if (guarded) guards[i].reset(*frame.stream, bytesOf(buffer, batch));
      else if (launches.apart.count(static_cast<int>(i)) > 0 && own[i].bytes() == 0)
        own[i] = DeviceMemory(setup.device, bytesOf(buffer, program.max_batch));
    }
    if (!guarded && arena.bytes() == 0) arena = DeviceMemory(setup.device, code.program.arena_bytes);
  }

  void* locate(size_t number, const DeviceRun& run) {
    const Buffer& buffer = code.program.buffers[number];
    switch (buffer.place) {
      case Place::Arena:
        if (guarded) return guards[number].data();
        return own[number].bytes() > 0 ? own[number].data() : arena.as<std::byte>() + buffer.offset;
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
        return own[number].data();
    }
    return nullptr;
  }

  std::vector<DeviceLaunch>& of(ProgramPhase phase) { return launches.phases[phase == ProgramPhase::First ? 0 : 1]; }

  const Program& program;
  DeviceSetup setup;
  const DeviceProgram code;
  DeviceLaunches launches;
  const DeviceMemory workspace;
  DeviceMemory arena;
  std::vector<DeviceMemory> own;            // by buffer: constants, and what may not lie in the arena
  std::vector<GuardedDeviceMemory> guards;  // by buffer
  std::vector<bool> filled;                 // by table: a lookup_grad writes its gradient
  bool guarded = false;
  DeviceFrame frame;
  std::map<std::vector<uint64_t>, std::unique_ptr<Graph>> graphs;  // null: has run once
};

DeviceExecutor::DeviceExecutor(const Program& program, DeviceSetup setup, bool fuse) : state_(std::make_unique<State>(program, setup, fuse)) {}
DeviceExecutor::~DeviceExecutor() = default;

void DeviceExecutor::enqueue(const DeviceRun& run, ProgramPhase phase) { state_->enqueue(run, phase); }

void DeviceExecutor::replay(const DeviceRun& run, ProgramPhase phase) {
  State& state = *state_;
  if (run.batch < state.program.max_batch || state.guarded) return state.enqueue(run, phase);
  Stream& stream = state.setup.device.stream();
  const auto [found, first] = state.graphs.try_emplace(wordsOf(run, phase));
  if (first) return state.enqueue(run, phase);
  std::unique_ptr<Graph>& graph = found->second;
  if (graph == nullptr) graph = std::make_unique<Graph>(stream, [&] { state.enqueue(run, phase); });
  graph->replay(stream);
}

std::vector<InstructionTime> DeviceExecutor::profile(const DeviceRun& run, int repeats, ProgramPhase phase) {
  State& state = *state_;
  Stream& stream = state.setup.device.stream();
  std::vector<DeviceLaunch>& launches = state.of(phase);
  if (state.launches.side != nullptr) state.launches.side->used = false;
  std::vector<InstructionTime> times;
  std::vector<std::unique_ptr<Event>> events;
  for (const DeviceLaunch& launch : launches) times.push_back({launch.text, 0});
  for (size_t i = 0; i <= launches.size(); i++) events.push_back(std::make_unique<Event>(state.setup.device, true));
  for (int repeat = 0; repeat < repeats; repeat++) {
    state.begin(run, phase);
    events[0]->record(stream);
    for (size_t i = 0; i < launches.size(); i++) {
      launches[i].kernel->enqueue(state.frame);
      events[i + 1]->record(stream);
    }
    stream.synchronize();
    for (size_t i = 0; i < launches.size(); i++) times[i].milliseconds += events[i + 1]->since(*events[i]) / repeats;
  }
  if (state.launches.side != nullptr) state.launches.side->used = true;
  return times;
}

void DeviceExecutor::enableGuards() {
  state_->guarded = true;
  state_->guards.resize(state_->own.size());
}

std::vector<int> DeviceExecutor::overruns() {
  std::vector<int> touched;
  for (size_t i = 0; i < state_->guards.size(); i++) {
    state_->guards[i].fetch(state_->setup.device.stream());
    if (state_->guards[i].overrun()) touched.push_back(static_cast<int>(i));
  }
  return touched;
}

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
