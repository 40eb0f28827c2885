// The kernels of a program for a device, in the order in which they are asked for. Lookups of a phase come together, where the first of them stands;
// ids are grouped by row at the beginning, on a stream beside the others.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/cuda/device_kernel.h"
#include "engine/cuda/device_program.h"
#include "engine/cuda/device_setup.h"

namespace lossmith {

struct DeviceLaunch {
  std::string text;  // what it does, for profiles
  std::unique_ptr<DeviceKernel> kernel;
};

// A second stream of a GPU: it begins where the first one is at `begun`, which in turn waits for `done`. A graph that is captured has both.
struct SideStream {
  explicit SideStream(Device& device) : stream(device), begun(device), done(device) {}
  Stream stream;
  Event begun, done;
  bool used = true;  // false: all in one stream, so that each launch can be timed by itself
};

struct DeviceLaunches {
  std::unique_ptr<SideStream> side;  // null: emulated, or there is nothing for it
  std::vector<DeviceLaunch> phases[2];
  // Buffers that a lookup fills earlier than the arena's plan knows: they must lie by themselves.
  std::set<int> apart;
};

// `program` is what `code` was made from. `fuse`: sums of squares in one launch (fuse_squares.h).
DeviceLaunches makeLaunches(const Program& program, const DeviceProgram& code, DeviceSetup& setup, bool fuse);

}  // namespace lossmith
