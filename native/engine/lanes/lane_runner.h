// Runs a program of the plan on batches: binds inputs, parameters, tables and outputs by name once, then runs batch after batch on the
// one thread that owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/data/feed.h"
#include "engine/executor.h"
#include "engine/lanes/program_binding.h"
#include "engine/state/controller_state.h"
#include "engine/state/dense_state.h"
#include "engine/state/table.h"

namespace lossmith {

// What programs read beside a batch. Must outlive their runners.
struct RunnerState {
  const DenseState& dense;
  const std::vector<std::unique_ptr<Table>>& tables;
  const ControllerState& controller;
  const AlignedFloats& tangent;  // of the dense parameters, in the layout of DenseState; empty where nothing is learned
  uint64_t seed;
};

class LaneRunner {
 public:
  // `output` is what the caller reads after a run. Throws Error(Config, "plan") for a name that nobody has.
  LaneRunner(const Program& program, const std::string& output, const RunnerState& state);

  const ProgramBinding& binding() const { return binding_; }

  // Gradients go to `gradient` (in the layout of DenseState) and `table_gradients` (by table of the plan); null for a program without.
  // Throws Error(Config, "batch-shape") when the batch does not fit the program.
  const float* run(const Batch& batch, int64_t step, int lane, float* gradient, std::vector<RowSparse>* table_gradients);
  // The program's second phase, on the batch of the last run, which must be as it was.
  void runSecondPhase() { executor_.run(context_, ProgramPhase::Second); }
  // What was last written to an output; empty where the program has none of that name.
  std::span<const float> output(const std::string& name) const;

 private:
  const void* input(const std::string& name, const Batch& batch) const;

  const ProgramBinding binding_;
  const DenseState& dense_;
  const ControllerState& controller_;
  std::vector<std::vector<float>> outputs_;
  RunContext context_;
  Executor executor_;
};

}  // namespace lossmith
