// What an instruction is, in a few words, for profiles: its op and its sizes, B the batch: "matmul B×400×416 bias relu".
#pragma once

#include <string>

#include "engine/cuda/device_program.h"

namespace lossmith {

std::string textOf(const DeviceInstruction& instruction);

}  // namespace lossmith
