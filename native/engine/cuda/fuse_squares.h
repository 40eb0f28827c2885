// Finds sums of squares in a device program: reduce_sum of x², and reduce_sum of the same x beside it, which one launch does in one pass over x
// instead of three (square_sums.cu). What is found keeps its place, that of the sum of squares; buffers stay where they are.
#pragma once

#include <vector>

#include "engine/cuda/device_program.h"
#include "engine/cuda/ops.h"

namespace lossmith {

struct FusedSquares {
  SquareSums sums;
  int at;                  // the instruction that it is made instead of
  std::vector<int> spare;  // and those that need not run any more
};

std::vector<FusedSquares> fuseSquares(const DeviceProgram& code);

}  // namespace lossmith
