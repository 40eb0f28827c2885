// See device_lanes.h.
#include "engine/cuda/device_lanes.h"

#include "engine/state/dense_layout.h"

namespace lossmith {
namespace {

size_t padded(size_t bytes) { return (bytes + 255) / 256 * 256; }

}  // namespace

DeviceLanes::DeviceLanes(Device& device, DeviceLanesShape shape)
    : shape_(std::move(shape)),
      dense_(device, shape_.lanes * shape_.dense_size * sizeof(float)),
      flags_at_(shape_.lanes * (1 + shape_.tables.size()) * sizeof(int64_t)),
      outputs_at_(padded(flags_at_ + shape_.lanes * sizeof(int32_t))),
      output_stride_((shape_.output_floats + kLineFloats - 1) / kLineFloats * kLineFloats),
      reported_(device) {
  bytes_ = outputs_at_ + shape_.lanes * output_stride_ * sizeof(float);
  memory_ = DeviceMemory(device, bytes_);
  host_ = PinnedMemory(device, bytes_);
  int64_t* counts = memory_.as<int64_t>() + shape_.lanes;
  for (int lane = 0; lane < shape_.lanes; lane++) {
    tables_.emplace_back();
    for (size_t table = 0; table < shape_.tables.size(); table++) {
      const int64_t width = shape_.tables[table].width, capacity = shape_.lane_rows[table];
      row_memory_.emplace_back(device, capacity * sizeof(int64_t));
      int64_t* rows = row_memory_.back().as<int64_t>();
      row_memory_.emplace_back(device, capacity * width * sizeof(float));
      tables_.back().push_back({width, capacity, counts++, rows, row_memory_.back().as<float>()});
    }
  }
  // Parameters that a program has no gradient of, and the gaps between parameters, have a gradient of zero.
  device.stream().fill(dense_.data(), 0, dense_.bytes());
}

void DeviceLanes::clear(Stream& stream) {
  const size_t rows = shape_.lanes * sizeof(int64_t);
  stream.fill(memory_.data(), 0xff, rows);
  stream.fill(memory_.as<char>() + rows, 0, outputs_at_ - rows);
}

void DeviceLanes::report(Stream& stream) {
  stream.copyOut(host_.as<char>(), memory_.data(), bytes_);
  reported_.record(stream);
}

}  // namespace lossmith
