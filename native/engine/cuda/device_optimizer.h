// state/optimizer.h and state/lookahead.h on the device. A step's scalars are read from device memory, where the caller copies them before the
// launch or the replay of a graph that has it. Vectors and tables as state/optimizer.h says; all pointers are device memory.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/device_kernel.h"
#include "engine/state/lookahead.h"
#include "engine/state/optimizer.h"

namespace lossmith {

// Vectors of n floats, where the optimizer has them.
struct DenseOnDevice {
  int64_t n = 0;
  float *weight = nullptr, *m = nullptr, *v = nullptr;
};

// A table and the rows of its reduced gradient. A table appears once.
struct TableStep {
  DeviceTable table;
  DeviceRows gradient;
};
struct TableLookahead {
  DeviceTable table;
  DeviceRows gradient, validation;
};

void updateDenseOnDevice(Stream& stream, const OptimizerStep* step, const DenseOnDevice& state, const float* gradient);
// All tables in one launch.
void updateTablesOnDevice(Stream& stream, const OptimizerStep* step, const std::vector<TableStep>& tables);

// V of the dense parameters goes to out[n].
void lookaheadDenseOnDevice(Stream& stream, const LookaheadStep* step, const DenseOnDevice& state, const float* gradient, const float* validation,
                            float* out);
// The rows of `gradient`: V goes to the table's tangents, zeros where `validation` lacks the row.
void lookaheadTablesOnDevice(Stream& stream, const LookaheadStep* step, const std::vector<TableLookahead>& tables);

}  // namespace lossmith
