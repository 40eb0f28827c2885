// What a step does with gradients and state, part by part on plain values, on the CPU or on a device: for tests that both give the same bits.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/row_sparse.h"
#include "engine/state/lookahead.h"
#include "engine/state/state_spec.h"

namespace lossmith {

struct DenseLeafValues {
  int lane;
  std::vector<float> values;
};
// The same rows of two tables.
struct RowLeafValues {
  int lane;
  RowSparse first, second;
};
struct TwoRowSums {
  RowSparse first, second;
};

struct StepScalarsOf {
  OptimizerSpec optimizer;
  Lookahead lookahead;
  int64_t step, examples, validation_examples;
};
// Planes: weight, the optimizer's states, V.
using Planes = std::vector<std::vector<float>>;

class StepParts {
 public:
  virtual ~StepParts() = default;
  // The lane tree of one or more leaves.
  virtual std::vector<float> addDense(int lanes, const std::vector<DenseLeafValues>& leaves) = 0;
  virtual TwoRowSums addRows(int lanes, int64_t table_rows, const std::vector<RowLeafValues>& leaves) = 0;
  // V, then the update, of dense state whose planes are weight and states; returns them and V.
  virtual Planes stepDense(const StepScalarsOf& scalars, const Planes& state, const std::vector<float>& gradient,
                           const std::vector<float>& validation) = 0;
  // The same of a table that is initialized first; V is 0 where there is none.
  virtual Planes stepTable(const StepScalarsOf& scalars, const TableSpec& table, uint64_t seed, const RowSparse& gradient,
                           const RowSparse& validation) = 0;
};

std::unique_ptr<StepParts> cpuStepParts();
// GPU 0, or an emulated device where there is none. Throws Error(Config, "no-gpu") in an engine built without CUDA.
std::unique_ptr<StepParts> deviceStepParts();

}  // namespace lossmith
