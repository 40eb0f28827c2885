// lanes/row_tree.h on the device: the lane tree over row-sparse values. A row that several leaves have is added in the tree's order, one that a
// single leaf has is copied. Leaves' rows are merged by a stable sort of all of them, which is the dearest part: tables whose lookups have the
// same ids share it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/cuda/device_kernel.h"

namespace lossmith {

class KeyGroups;

// A lane's rows, or those of an aligned subtree, by its first lane.
struct RowLeafOnDevice {
  int lane;
  DeviceRows rows;
};

class RowTreeOnDevice {
 public:
  // Memory for leaves of `capacity` rows together (the sum of their DeviceRows::capacity), fewer than 2^31.
  // `like`, which must outlive this one: leaves always have the same rows as those of its last add.
  RowTreeOnDevice(Device& device, int64_t table_rows, int64_t width, int64_t capacity, const RowTreeOnDevice* like = nullptr);
  ~RowTreeOnDevice();
  RowTreeOnDevice(RowTreeOnDevice&&) noexcept;

  // The tree's sum of disjoint subtrees, ascending by lane. A sum of one leaf is that leaf itself; any other lies in this object's memory, at the
  // same place each time. No leaf is changed. May be captured. Work is for the leaves' capacities: who knows their counts on the host gives these.
  DeviceRows add(Stream& stream, const std::vector<RowLeafOnDevice>& leaves);

 private:
  void sum(Stream& stream, const KeyGroups& groups, int64_t most, bool fours) const;

  int64_t table_rows_, width_, most_;
  std::unique_ptr<KeyGroups> keys_;
  const RowTreeOnDevice* like_;
  DeviceMemory sources_, lanes_, values_;
};

}  // namespace lossmith
