// One instruction, prepared once for a device and enqueued many times: the device's counterpart of cpu/kernel.h. `make<Op>` of
// cuda/<op>.cu turns an instruction into its kernel; the device executor enqueues them in order on one stream. `enqueue` runs nothing on
// the host's side of a captured graph but its launches: it must not allocate, synchronize or look at device memory. What changes from step to
// step lies in device memory (StepScalars), everything else is as it was at the capture.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/program.h"

namespace lossmith {

// In device memory, written before each run of a lane.
struct StepScalars {
  int64_t step;
  int32_t lane;
};

// A row-sparse value on the device: `count` rows, ascending, no row twice. Memory is for `capacity` rows.
struct DeviceRows {
  int64_t width = 0, capacity = 0;
  int64_t* count = nullptr;  // one, in device memory
  int64_t* rows = nullptr;   // [capacity]
  float* values = nullptr;   // [capacity, width]
};

// Row r lies at data + r * stride; its tangent `tangent` floats behind its weight, -1: none. As TableView, in device memory.
struct DeviceTable {
  float* data = nullptr;
  int64_t rows = 0, width = 0, stride = 0, tangent = -1;
};

// Ids of a buffer grouped by row, for lookup_grad: made once a run for each buffer of ids that needs it, by a RowGrouper, which owns the memory
// (device_rows.h).
struct RowGroupsOnDevice {
  int64_t capacity = 0;
  const int64_t* count = nullptr;       // one: number of distinct rows
  const int64_t* rows = nullptr;        // [capacity] distinct rows, ascending
  const uint32_t* begins = nullptr;     // [capacity + 1] where a row's places begin in `places`
  const uint32_t* places = nullptr;     // [capacity] places in the ids, by row, then ascending
  const uint32_t* groups_of = nullptr;  // [capacity] of each of `places`, which group it is in
};

constexpr int64_t kBadMinusOne = INT64_MIN;

struct DeviceFrame {
  Stream* stream = nullptr;
  int64_t batch = 0;
  uint64_t seed = 0;
  const StepScalars* scalars = nullptr;  // device memory
  std::vector<void*> bases;              // by buffer, device memory
  std::vector<DeviceTable> tables;       // by program.tables
  std::vector<DeviceRows> table_gradients;
  std::vector<RowGroupsOnDevice> groups;  // by buffer; those of ids with a lookup_grad
  void* workspace = nullptr;              // scratch of one instruction after the other
  size_t workspace_bytes = 0;
  // One, in device memory: -1, or an id that is no row of its table (kBadMinusOne for -1). Such an id is taken as row 0 and the run is of no use.
  int64_t* bad_row = nullptr;
  int32_t* not_finite = nullptr;  // one, in device memory: becomes 1 when a table's gradient is not finite. Null: nobody asks

  int64_t size(int64_t size) const { return resolveSize(size, batch); }
  float* floats(int buffer) const { return static_cast<float*>(bases[buffer]); }
  const int64_t* ids(int buffer) const { return static_cast<const int64_t*>(bases[buffer]); }
};

class DeviceKernel {
 public:
  virtual ~DeviceKernel() = default;
  virtual void enqueue(DeviceFrame& frame) = 0;
};

}  // namespace lossmith
