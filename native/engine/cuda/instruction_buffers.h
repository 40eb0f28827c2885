// Which buffers an instruction reads and writes.
#pragma once

#include <vector>

#include "engine/cuda/device_program.h"

namespace lossmith {

struct InstructionBuffers {
  std::vector<int> reads, writes;  // a buffer may stand in both, and several times
};

InstructionBuffers buffersOf(const DeviceInstruction& instruction);

}  // namespace lossmith
