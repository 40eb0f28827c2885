// Runs a program of the plan on batches in device memory: binds parameters, tables and outputs by name once. The device's counterpart of
// lanes/lane_runner.h; all runs of one runner share its arena and go in order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/cuda/device_executor.h"
#include "engine/cuda/device_input.h"
#include "engine/cuda/table_on_device.h"
#include "engine/lanes/program_binding.h"

namespace lossmith {

// What programs read beside a batch, in device memory. Must outlive their runners.
struct DeviceRunnerState {
  const DenseLayout& dense;
  const std::vector<TableOnDevice>& tables;
  const float* weight;
  const float* tangent;  // of the dense parameters; null where nothing is learned
  const float* phi;
  const float* temperature;
  int64_t controller_size;
  uint64_t seed;
};

// What a run writes to, in device memory. Null gradients: the program has none.
struct DeviceRunTarget {
  const StepScalars* scalars = nullptr;
  int64_t* bad_row = nullptr;
  int32_t* not_finite = nullptr;  // of the tables' gradients; null: nobody asks
  float* outputs = nullptr;       // outputFloats() of them
  float* dense = nullptr;         // in the layout of DenseState
  const std::vector<DeviceRows>* tables = nullptr;
};

class DeviceRunner {
 public:
  // Throws as LaneRunner and DeviceExecutor do.
  DeviceRunner(const Program& program, const std::string& output, const DeviceRunnerState& state, const DeviceSetup& setup);

  const ProgramBinding& binding() const { return binding_; }
  int64_t outputFloats() const { return output_floats_; }

  // What the next runs read and write.
  void bind(const DeviceBatch& batch, const DeviceRunTarget& target);
  // Asks the device for a phase. May be captured once it has run on a batch as large. The second phase finds memory as the first one left it.
  void enqueue(ProgramPhase phase = ProgramPhase::First) { executor_.enqueue(run_, phase); }

  // An output among `outputs` of a run; empty where the program has none of that name.
  std::span<const float> output(const float* outputs, const std::string& name) const;
  // The one that was named to the constructor.
  const float* output(const float* outputs) const { return outputs + output_offsets_[binding_.output]; }
  // The refusal of what a run left in bad_row.
  Error badRowError(int64_t row) const { return badRow(*binding_.program, run_.tables, row); }

 private:
  const void* input(const std::string& name, const DeviceBatch& batch) const;

  const ProgramBinding binding_;
  const DeviceRunnerState state_;
  std::vector<int64_t> output_offsets_;  // floats
  int64_t output_floats_ = 0;
  DeviceRun run_;
  DeviceExecutor executor_;
};

}  // namespace lossmith
