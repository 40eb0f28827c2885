// state/table.h in device memory: a row's weight, m, v and tangent lie side by side. Sizes are 64-bit. The host reads and writes planes of it in
// pieces through TransferBuffer; calls that do so synchronize the stream.
#pragma once

#include <cstdint>

#include "engine/cuda/device_kernel.h"
#include "engine/state/optimizer.h"
#include "engine/state/state_spec.h"

namespace lossmith {

// A piece of host memory that copies fast, and its counterpart on the device. One serves all tables.
struct TransferBuffer {
  explicit TransferBuffer(Device& device, int64_t floats = int64_t{4} << 20);

  int64_t floats;
  PinnedMemory host;
  DeviceMemory device;
};

class TableOnDevice {
 public:
  // Throws Error(Config, "table-too-large") when the size does not fit 63 bits, "device-memory" when there is not enough.
  TableOnDevice(Device& device, const TableSpec& spec, const OptimizerSpec& optimizer, bool tangent);

  const TableSpec& spec() const { return spec_; }
  int64_t bytes() const { return static_cast<int64_t>(memory_.bytes()); }
  DeviceTable view() const;

  // First weights and states, bit by bit those of Table::initialize.
  void initialize(Stream& stream, TransferBuffer& transfer, uint64_t seed);
  // As Table::read and write.
  void read(Stream& stream, TransferBuffer& transfer, int plane, int64_t first, int64_t count, float* out) const;
  void write(Stream& stream, TransferBuffer& transfer, int plane, int64_t first, int64_t count, const float* in);

 private:
  void drawOnHost(Stream& stream, TransferBuffer& transfer, uint64_t seed, int64_t from, int64_t to);

  TableSpec spec_;
  OptimizerSpec optimizer_;
  int64_t stride_, tangent_;
  DeviceMemory memory_;
};

}  // namespace lossmith
