// Makes a program a device's: products take over relu, bias, its gradient (step(h)·d where d is a product's result), sums of gradients over
// the batch, and, in bf16, the rounding of what only products read.
#pragma once

#include "engine/cuda/device_program.h"
#include "engine/precision.h"

namespace lossmith {

// The program must have passed checkProgram.
DeviceProgram fuseMatmuls(const Program& program, Precision precision);

// The same program, nothing fused, nothing moved.
DeviceProgram unfused(const Program& program);

}  // namespace lossmith
