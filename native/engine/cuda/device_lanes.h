// What own lanes make of their batches, in device memory: gradients, and a report that is copied to the host at once when all lanes have run.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/cuda/device_kernel.h"
#include "engine/state/state_spec.h"

namespace lossmith {

struct DeviceLanesShape {
  int lanes = 1;
  int64_t dense_size = 0;
  std::vector<TableSpec> tables;
  std::vector<int64_t> lane_rows;  // by table: the most rows of a lane's gradient
  int64_t output_floats = 0;       // a program's outputs
};

class DeviceLanes {
 public:
  DeviceLanes(Device& device, DeviceLanesShape shape);

  // Where a lane writes.
  float* dense(int lane) const { return dense_.as<float>() + lane * shape_.dense_size; }
  const std::vector<DeviceRows>& tables(int lane) const { return tables_[lane]; }
  float* outputs(int lane) const { return reinterpret_cast<float*>(memory_.as<char>() + outputs_at_) + lane * output_stride_; }
  int64_t* badRow(int lane) const { return memory_.as<int64_t>() + lane; }
  int32_t* notFinite(int lane) const { return reinterpret_cast<int32_t*>(memory_.as<char>() + flags_at_) + lane; }

  // To be asked for before the lanes run: no bad rows, no rows, all finite.
  void clear(Stream& stream);
  // Behind all of them. What follows says what was found once `wait` has returned.
  void report(Stream& stream);
  void wait() { reported_.synchronize(); }

  int64_t reportedBadRow(int lane) const { return host_.as<int64_t>()[lane]; }
  int64_t reportedRows(int lane, size_t table) const { return host_.as<int64_t>()[shape_.lanes + lane * shape_.tables.size() + table]; }
  bool reportedFinite(int lane) const { return reinterpret_cast<const int32_t*>(host_.as<char>() + flags_at_)[lane] == 0; }
  const float* reportedOutputs(int lane) const { return reinterpret_cast<const float*>(host_.as<char>() + outputs_at_) + lane * output_stride_; }

 private:
  const DeviceLanesShape shape_;
  DeviceMemory dense_;
  std::vector<DeviceMemory> row_memory_;
  std::vector<std::vector<DeviceRows>> tables_;  // by lane, table
  // Bad rows by lane, row counts by lane and table, flags by lane, outputs by lane.
  size_t flags_at_, outputs_at_, bytes_;
  int64_t output_stride_;
  DeviceMemory memory_;
  PinnedMemory host_;
  Event reported_;
};

}  // namespace lossmith
