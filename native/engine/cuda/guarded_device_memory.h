// GuardedMemory on a device, for tests: the zones are written and looked at through host memory.
#pragma once

#include "engine/cuda/device.h"
#include "engine/guarded_memory.h"

namespace lossmith {

class GuardedDeviceMemory {
 public:
  // `bytes` (a multiple of 4) between fresh zones; NaNs, or a copy of `values`. Waits for the stream.
  void* reset(Stream& stream, size_t bytes, const void* values = nullptr);
  void* data() const;
  // What lies on the device now, zones too: waits for the stream. overrun() and host() are of the last fetch.
  void fetch(Stream& stream);
  bool overrun() const { return host_.overrun(); }
  const void* host() const { return host_.data(); }
  size_t bytes() const { return bytes_; }

 private:
  GuardedMemory host_;
  DeviceMemory device_;
  size_t bytes_ = 0;
};

}  // namespace lossmith
