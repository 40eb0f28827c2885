// Ids on the device, grouped by row: a stable sort by row, so that a row's places ascend. Rows ascend, no row twice. How many rows there are is
// known on the device only: what works on them is launched for as many as there can be and looks at `count`.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/cuda/device_kernel.h"
#include "engine/program.h"

namespace lossmith {

class KeyGroups;

class RowGrouper {
 public:
  // Memory for `capacity` ids, fewer than 2^31.
  RowGrouper(Device& device, int64_t capacity);
  ~RowGrouper();
  RowGrouper(RowGrouper&&) noexcept;

  // Groups ids[0..n) of a table of `rows` rows. bad_row as in DeviceFrame. May be captured.
  void group(Stream& stream, const int64_t* ids, int64_t n, int64_t rows, int64_t* bad_row);
  // Where the groups are: the same memory for every call of group.
  RowGroupsOnDevice groups() const;

 private:
  std::unique_ptr<KeyGroups> keys_;
};

// How many rows a run's gradient of a table of the program can have: of its `rows`, or all ids of its lookup_grads.
int64_t rowCapacity(const Program& program, int table, int64_t rows);

// *flag = 1 when one of the values is infinite or no number, else it stays.
void markNonFinite(Stream& stream, const float* values, int64_t n, int32_t* flag);
void markNonFinite(Stream& stream, const DeviceRows& rows, int32_t* flag);

}  // namespace lossmith
