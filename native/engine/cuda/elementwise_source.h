// CUDA C of an elementwise chain: one kernel that reads each input once, takes every step in registers and writes each output once. Four
// neighbours are one piece: inputs that lie as the outputs do, or whose rows of the innermost dimension do, are read 16 bytes at a time.
// Sizes by batch are arguments, all others are literals, so that divisions are multiplications. Indices within a launch have 32 bits; who
// launches splits an index space of 2^31 elements or more (Slices of elementwise.cu).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/program.h"

namespace lossmith {

constexpr int kElementwiseThreads = 256;

// Kernel `name` takes one struct by value: addresses of inputs, of outputs, uint32 total, uint32 quads (pieces of four to take, the rest goes
// one by one), uint32 sizes[4].
struct ElementwiseSource {
  std::string name, text;
  std::vector<bool> aligned;  // by input: quads need its address to be a multiple of 16, as that of every output
};

ElementwiseSource elementwiseSource(const Elementwise& chain);

}  // namespace lossmith
