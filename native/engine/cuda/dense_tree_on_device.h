// lanes/lane_tree.h on the device: the lane tree over dense vectors, the same bits as on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/lanes/lane_tree.h"

namespace lossmith {

class DenseTreeOnDevice {
 public:
  // For at most `leaves` vectors of `most` floats. Up to 128 leaves need no memory.
  DenseTreeOnDevice(Device& device, int leaves, int64_t most);

  // out[0..n) = the tree's sum of one or more disjoint subtrees, ascending by lane. Leaves are device memory; out overlaps none. May be captured.
  void add(Stream& stream, const std::vector<TreeLeaf>& leaves, int64_t n, float* out);

 private:
  int64_t most_;
  DeviceMemory partial_;
};

}  // namespace lossmith
