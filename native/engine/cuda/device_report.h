// What a build can say of GPUs, with CUDA (device.cu) or without (none.cc).
#pragma once

#include <cstdint>

namespace lossmith {

bool builtWithCuda();

// Bytes that are free on a device now. Makes its context, which takes some hundred megabytes itself until the process ends.
// Throws Error(Config, "no-gpu").
int64_t freeDeviceBytes(int ordinal);

}  // namespace lossmith
