// The device kernels of all instructions, by cuda/<op>.cu.
#pragma once

#include <memory>
#include <string>

#include "engine/cuda/device_kernel.h"

namespace lossmith {

std::unique_ptr<DeviceKernel> makeDeviceConcat(const Concat& instruction);

}  // namespace lossmith
