// Runs one program on a device, in the order of its stream: the device's counterpart of executor.h. It owns an arena, constants and kernels, and
// shares nothing but what DeviceSetup names. The result depends on program, inputs and kind of device only, never on what ran before.
// Nothing here waits for the device, but for profile() and what is for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/cuda/device_kernel.h"
#include "engine/cuda/device_setup.h"
#include "engine/cuda/instruction_time.h"
#include "engine/errors.h"
#include "engine/executor.h"
#include "engine/program.h"

namespace lossmith {

// RunContext in device memory: whatever a pointer shows lies there. Pointers are multiples of 16 bytes, but for those of table_gradients' counts.
struct DeviceRun {
  int64_t batch = 0;  // examples, 0 .. max_batch
  uint64_t seed = 0;
  const StepScalars* scalars = nullptr;
  // One. A lookup leaves an id in it that is no row of its table, and takes row 0 instead: the run is of no use then. The caller makes it -1 before,
  // looks at it afterwards and throws badRow(). Several runs may share it.
  int64_t* bad_row = nullptr;
  // One, or null. Becomes 1 when a table's gradient is not finite: told by those who write it, which spares a pass over its rows.
  int32_t* not_finite = nullptr;
  std::vector<const void*> inputs;          // by program.inputs
  std::vector<const float*> parameters;     // by program.parameters
  std::vector<const float*> tangents;       // by program.parameters; of use to the second phase only
  std::vector<DeviceTable> tables;          // by program.tables
  std::vector<float*> gradients;            // by program.parameters; written whole. Empty for programs without gradients
  std::vector<DeviceRows> table_gradients;  // by program.tables; written whole, of capacity rowCapacity(table)
  std::vector<float*> outputs;              // by program.outputs
};

class DeviceExecutor {
 public:
  // The program and what `setup` names must outlive it. `fuse` false: one kernel an instruction, for comparisons.
  // Throws Error(Config, "program-invalid") when an instruction does not fit its buffers, "device-memory" when there is too little.
  DeviceExecutor(const Program& program, DeviceSetup setup, bool fuse = true);
  ~DeviceExecutor();
  DeviceExecutor(const DeviceExecutor&) = delete;
  DeviceExecutor& operator=(const DeviceExecutor&) = delete;

  // Asks device.stream() for a run, launch by launch. May be called while that stream is captured, if the same phase has run before with as
  // large a batch: libraries load kernels with the first call. Phases as in Executor::run.
  void enqueue(const DeviceRun& run, ProgramPhase phase = ProgramPhase::First);

  // The same, for runs that come again and again: a full batch is captured when it comes for the second time with the same pointers, and is
  // replayed as one graph from then on. Smaller batches are asked for launch by launch.
  void replay(const DeviceRun& run, ProgramPhase phase = ProgramPhase::First);

  // Runs a phase `repeats` times, waits, and gives the mean time of each launch by events of the stream; zeros when emulated.
  std::vector<InstructionTime> profile(const DeviceRun& run, int repeats, ProgramPhase phase = ProgramPhase::First);

  // For the op tests, as in executor.h. overruns() waits for the device.
  void enableGuards();
  std::vector<int> overruns();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The refusal of what a run left in bad_row.
Error badRow(const Program& program, const std::vector<DeviceTable>& tables, int64_t row);

}  // namespace lossmith
