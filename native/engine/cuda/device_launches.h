// The kernels of a program for a device, in the order in which they are asked for. Lookups of a phase come together, where the first of them stands;
// ids are grouped by row before the first lookup_grad that needs it.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/cuda/device_kernel.h"
#include "engine/cuda/device_program.h"
#include "engine/cuda/device_setup.h"

namespace lossmith {

struct DeviceLaunch {
  std::string text;  // what it does, for profiles
  std::unique_ptr<DeviceKernel> kernel;
};

struct DeviceLaunches {
  std::vector<DeviceLaunch> phases[2];
  // Buffers that a lookup fills earlier than the arena's plan knows: they must lie by themselves.
  std::set<int> apart;
};

// `program` is what `code` was made from.
DeviceLaunches makeLaunches(const Program& program, const DeviceProgram& code, DeviceSetup& setup);

}  // namespace lossmith
