// See executor.h. Prepares a kernel per instruction, points buffers at their memory at every run, and runs the kernels in order.
#include "engine/executor.h"

#include <algorithm>

#include "engine/cpu/kernel.h"
#include "engine/errors.h"
#include "engine/guarded_memory.h"
#include "engine/program_check.h"
#include "engine/run_check.h"

namespace lossmith {
namespace {

// Kernels in the order of the code; which lookup_grad comes first for its table is known here only.
std::vector<std::unique_ptr<Kernel>> prepare(const Program& program) {
  struct Maker {
    const Program& program;
    std::vector<bool> appended;
    std::unique_ptr<Kernel> operator()(const Matmul& op) { return makeMatmul(op); }
    std::unique_ptr<Kernel> operator()(const Elementwise& op) { return makeElementwise(op); }
    std::unique_ptr<Kernel> operator()(const ReduceSum& op) { return makeReduceSum(op); }
    std::unique_ptr<Kernel> operator()(const ReduceMax& op) { return makeReduceMax(op); }
    std::unique_ptr<Kernel> operator()(const Lookup& op) { return makeLookup(op, program.tables[op.table]); }
    std::unique_ptr<Kernel> operator()(const LookupGrad& op) {
      const bool first = !appended[op.table];
      appended[op.table] = true;
      return makeLookupGrad(op, program.tables[op.table], first);
    }
    std::unique_ptr<Kernel> operator()(const Concat& op) { return makeConcat(op); }
    std::unique_ptr<Kernel> operator()(const Slice& op) { return makeSlice(op); }
    std::unique_ptr<Kernel> operator()(const Transpose& op) { return makeTranspose(op); }
    std::unique_ptr<Kernel> operator()(const DropoutMask& op) { return makeDropoutMask(op); }
    std::unique_ptr<Kernel> operator()(const Uniform& op) { return makeUniform(op); }
    std::unique_ptr<Kernel> operator()(const OneHot& op) { return makeOneHot(op); }
    std::unique_ptr<Kernel> operator()(const PairDots& op) { return makePairDots(op); }
    std::unique_ptr<Kernel> operator()(const PairDotsCross& op) { return makePairDotsCross(op); }
    std::unique_ptr<Kernel> operator()(const PairDotsGrad& op) { return makePairDotsGrad(op); }
    std::unique_ptr<Kernel> operator()(const PairwiseAuc& op) { return makePairwiseAuc(op); }
    std::unique_ptr<Kernel> operator()(const PairwiseAucGrad& op) { return makePairwiseAucGrad(op); }
  };
  Maker maker{program, std::vector<bool>(program.tables.size(), false)};
  std::vector<std::unique_ptr<Kernel>> kernels;
  for (const Instruction& instruction : program.code) kernels.push_back(std::visit(maker, instruction));
  return kernels;
}

AlignedMemory copyOf(const std::vector<float>& values) {
  AlignedMemory memory(values.size() * sizeof(float));
  std::copy(values.begin(), values.end(), memory.floats());
  return memory;
}

}  // namespace

struct Executor::State {
  explicit State(const Program& program) : program(program) {
    checkProgram(program);
    kernels = prepare(program);
    const size_t buffers = program.buffers.size();
    frame.bases.resize(buffers);
    frame.groups.resize(buffers);
    frame.grouped.resize(buffers);
    filled.resize(program.tables.size());
    for (const Instruction& instruction : program.code) {
      if (const auto* gradient = std::get_if<LookupGrad>(&instruction)) filled[gradient->table] = true;
    }
    constants.resize(buffers);
    guards.resize(buffers);
    for (size_t i = 0; i < buffers; i++) {
      const std::vector<float>& values = program.buffers[i].values;
      if (program.buffers[i].place == Place::Constant) constants[i] = copyOf(values);
    }
  }

  void begin(const RunContext& context) {
    if (!guarded) arena.reserve(program.arena_bytes);
    for (size_t i = 0; i < frame.bases.size(); i++) frame.bases[i] = locate(i, context);
    std::fill(frame.grouped.begin(), frame.grouped.end(), false);
    for (size_t t = 0; t < context.table_gradients.size(); t++) {
      context.table_gradients[t]->width = context.tables[t].width;
      if (filled[t]) continue;  // its first lookup_grad writes it whole; clearing would only make it write zeros before
      context.table_gradients[t]->rows.clear();
      context.table_gradients[t]->values.clear();
    }
  }

  void* locate(size_t number, const RunContext& context) {
    const Buffer& buffer = program.buffers[number];
    switch (buffer.place) {
      case Place::Arena:
        if (guarded) return guards[number].reset(buffer.inner * (buffer.batch ? context.batch : 1) * sizeof(float));
        return arena.data() + buffer.offset;
      case Place::Input:
        return const_cast<void*>(context.inputs[buffer.index]);
      case Place::Parameter:
        return const_cast<float*>(context.parameters[buffer.index]);
      case Place::Tangent:
        return const_cast<float*>(context.tangents[buffer.index]);
      case Place::Gradient:
        return context.gradients[buffer.index];
      case Place::Output:
        return context.outputs[buffer.index];
      case Place::Constant:
        return constants[number].data();
    }
    return nullptr;
  }

  const Program& program;
  std::vector<std::unique_ptr<Kernel>> kernels;
  AlignedMemory arena;
  std::vector<AlignedMemory> constants;  // by buffer
  std::vector<GuardedMemory> guards;     // by buffer
  std::vector<bool> filled;              // by table: a lookup_grad writes its gradient
  bool guarded = false;
  Frame frame;
};

Executor::Executor(const Program& program) : state_(std::make_unique<State>(program)) {}
Executor::~Executor() = default;

void Executor::run(const RunContext& context, ProgramPhase phase) {
  State& state = *state_;
  checkRun(state.program, context);
  state.frame.context = &context;
  const bool first = phase == ProgramPhase::First;
  if (first) state.begin(context);
  const size_t cut = state.program.cut, end = first ? cut : state.kernels.size();
  for (size_t i = first ? 0 : cut; i < end; i++) state.kernels[i]->run(state.frame);
}

void Executor::enableGuards() { state_->guarded = true; }

std::vector<int> Executor::overruns() const {
  std::vector<int> touched;
  for (size_t i = 0; i < state_->guards.size(); i++) {
    if (state_->guards[i].overrun()) touched.push_back(static_cast<int>(i));
  }
  return touched;
}

}  // namespace lossmith
