// A program once on a device, with a run in host memory: for tests of ops. It runs with guard zones around every buffer, in the arena as it was
// planned, and as a graph, which must all give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "engine/cuda/instruction_time.h"
#include "engine/executor.h"
#include "engine/precision.h"
#include "engine/program.h"

namespace lossmith {

struct RunOnDevice {
  bool emulated = false;  // else GPU 0
  bool fuse = true;
  Precision precision = Precision::Float32;
};

// Runs with guard zones around every buffer, in the arena as it was planned, and as a graph, which must all give the same bytes. Both phases; what
// they write is written to the run's memory. Names of buffers whose guard zones were written to.
std::vector<std::string> runOnDevice(const Program& program, const RunContext& run, const RunOnDevice& options);

struct DeviceProfile {
  std::vector<InstructionTime> launches;  // of both phases
  double graph_milliseconds = 0;          // of all of them, replayed as graphs where the batch is full
};

// Means over `repeats` runs. Zeros when emulated.
DeviceProfile profileOnDevice(const Program& program, const RunContext& run, const RunOnDevice& options, int repeats);

}  // namespace lossmith
