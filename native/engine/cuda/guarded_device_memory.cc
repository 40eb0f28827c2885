// See guarded_device_memory.h.
#include "engine/cuda/guarded_device_memory.h"

#include <cstring>

namespace lossmith {

void* GuardedDeviceMemory::reset(Stream& stream, size_t bytes, const void* values) {
  bytes_ = bytes;
  void* inside = host_.reset(bytes);
  if (values != nullptr) std::memcpy(inside, values, bytes);
  if (device_.bytes() < host_.wholeBytes()) device_ = DeviceMemory(stream.device(), host_.wholeBytes());
  stream.copyIn(device_.data(), host_.whole(), host_.wholeBytes());
  stream.synchronize();
  return data();
}

void* GuardedDeviceMemory::data() const { return device_.as<std::byte>() + GuardedMemory::kZone; }

void GuardedDeviceMemory::fetch(Stream& stream) {
  if (device_.bytes() == 0) return;
  stream.copyOut(host_.whole(), device_.data(), host_.wholeBytes());
  stream.synchronize();
}

}  // namespace lossmith
