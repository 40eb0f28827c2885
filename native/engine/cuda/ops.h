// The device kernels of all instructions, by cuda/<op>.cu.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/cuda/device_kernel.h"
#include "engine/cuda/device_program.h"
#include "engine/cuda/device_setup.h"

namespace lossmith {

std::unique_ptr<DeviceKernel> makeDeviceConcat(const Concat& instruction);
// Independent lookups, of any tables, in one launch.
std::unique_ptr<DeviceKernel> makeDeviceLookups(std::vector<Lookup> instructions);
// `at`: where in program.code the LookupGrad is. Memory beyond the frame's: for one lookup_grad of a table little, for a later one of the same
// table its values twice.
std::unique_ptr<DeviceKernel> makeDeviceLookupGrad(const Program& program, size_t at, Device& device);
// Compiled by setup.kernels.load(), or else by its first run.
std::unique_ptr<DeviceKernel> makeDeviceElementwise(const Elementwise& instruction, DeviceSetup& setup);
std::unique_ptr<DeviceKernel> makeDeviceMatmul(const Matmul& instruction, DeviceSetup& setup);
std::unique_ptr<DeviceKernel> makeDeviceFusedMatmul(const FusedMatmul& instruction, DeviceSetup& setup);
std::unique_ptr<DeviceKernel> makeDeviceRoundToHalf(const RoundToHalf& instruction);

}  // namespace lossmith
