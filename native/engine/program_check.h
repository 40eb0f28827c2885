// Whether a program may be run at all: every instruction stays inside its buffers for every batch size, every buffer inside the arena.
// After this a kernel trusts its instruction.
#pragma once

#include "engine/program.h"

namespace lossmith {

// Throws Error(Config, "program-invalid") that names the instruction: "[matmul] wanted a of 4·B floats, got buffer 2 of 3·B".
void checkProgram(const Program& program);

}  // namespace lossmith
