// Adds the gradients of all lanes of all ranks on the device: the counterpart of engine/exchange.h, behind one interface for its ways.
// A world of one adds on the device. Larger ones by NCCL from device to device, or staged through host memory into the host's exchange; headers
// (lane_header.h) and sizes go by the host's collective in both.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/cuda/device_kernel.h"
#include "engine/exchange.h"
#include "engine/lanes/thread_team.h"

namespace lossmith {

// What a lane brings: gradients of the sum over its examples, in device memory. A lane without examples is absent from every sum: what its
// pointers show is of no meaning.
struct DeviceLaneGradient {
  int64_t examples = 0;
  double loss = 0;
  Cursor cursor;
  bool finite = true;
  const float* dense = nullptr;     // in the layout of DenseState
  std::vector<DeviceRows> tables;   // by table of the plan; capacities are row_counts
  std::vector<int64_t> row_counts;  // what each table's `count` is, for the host
};

class DeviceExchange {
 public:
  virtual ~DeviceExchange() = default;

  // As Exchange::run. The gradients are those that work asked of device.stream() before makes; the sums are ready for what is asked of it
  // afterwards. `own`: all own lanes, ascending; their gradients are not changed.
  virtual StepSummary run(const std::vector<DeviceLaneGradient>& own, bool order, int64_t version) = 0;

  // The sums of the last run, when it was finite and had examples: device memory, until the next run. They may be a lane's own.
  virtual const float* dense() const = 0;
  // Rows ascend, no row twice.
  virtual const DeviceRows& rows(size_t table) const = 0;
};

LaneHeader headerOf(const DeviceLaneGradient& lane, bool order, int64_t version);

// What any exchange on a device is made for.
struct DeviceExchangeOptions {
  ExchangeShape shape;
  std::vector<int64_t> lane_rows;          // by table: the most rows of a lane's gradient
  std::vector<int> same_rows;              // by table: an earlier one whose gradients always have the same rows; -1: none
  std::shared_ptr<Collective> collective;  // null: a world of one
  std::vector<int> first_lanes;            // by rank
};

// Throws Error(Config, "lanes") when the first lanes do not fit the shape.
std::unique_ptr<DeviceExchange> makeLocalExchange(const DeviceExchangeOptions& options, Device& device);
std::unique_ptr<DeviceExchange> makeStagedExchange(const DeviceExchangeOptions& options, Device& device, ThreadTeam& team);

}  // namespace lossmith
