// Runs a program of the plan on batches: binds inputs, parameters, tables and outputs by name once, then runs batch after batch on the
// one thread that owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/feed.h"
#include "engine/executor.h"
#include "engine/state/dense_state.h"
#include "engine/state/table.h"

namespace lossmith {

class LaneRunner {
 public:
  // `output` is what the caller reads after a run. Throws Error(Config, "plan") for a name that nobody has.
  LaneRunner(const Program& program, const std::string& output, const DenseState& dense, const std::vector<std::unique_ptr<Table>>& tables,
             uint64_t seed);

  // Gradients go to `gradient` (in the layout of DenseState) and `table_gradients` (by table of the plan); null for a program without.
  // Throws Error(Config, "batch-shape") when the batch does not fit the program.
  const float* run(const Batch& batch, int64_t step, int lane, float* gradient, std::vector<RowSparse>* table_gradients);

 private:
  const void* input(const std::string& name, const Batch& batch) const;

  const Program& program_;
  const DenseState& dense_;
  std::vector<size_t> parameters_, tables_;  // of the program, as numbers of the plan
  std::vector<int64_t> input_widths_;
  std::vector<std::vector<float>> outputs_;
  size_t output_ = 0;
  RunContext context_;
  Executor executor_;
};

}  // namespace lossmith
