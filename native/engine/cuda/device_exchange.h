// Adds the gradients of all lanes of all ranks on the device: the counterpart of engine/exchange.h, behind one interface for its ways.
// Staged: through host memory and the host's collective. By NCCL: from device to device; headers (examples, losses, cursors, flags, sizes) go
// by the host's collective all the same.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/cuda/device_kernel.h"
#include "engine/exchange.h"

namespace lossmith {

// What a lane brings: gradients of the sum over its examples, in device memory. A lane without examples is absent from every sum: what its
// pointers show is of no meaning.
struct DeviceLaneGradient {
  int64_t examples = 0;
  double loss = 0;
  Cursor cursor;
  bool finite = true;
  const float* dense = nullptr;    // in the layout of DenseState
  std::vector<DeviceRows> tables;  // `count` in device memory; row_counts has it for the host
  std::vector<int64_t> row_counts;
};

class DeviceExchange {
 public:
  virtual ~DeviceExchange() = default;

  // As Exchange::setCollective. Null: a world of one.
  virtual void setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes) = 0;

  // As Exchange::run. The gradients are those that work asked of device.stream() before makes; the sums are ready for what is asked of it
  // afterwards. The own lanes, ascending; their gradients are not changed.
  virtual StepSummary run(const std::vector<DeviceLaneGradient>& own, bool order, int64_t version) = 0;

  // The sums of the last run, when it was finite and had examples: device memory that the next run may write to. Pointers stay the same from the
  // last setCollective on, so that graphs may hold them.
  virtual const float* dense() const = 0;
  // Rows ascend, no row twice.
  virtual const DeviceRows& rows(size_t table) const = 0;
};

}  // namespace lossmith
