// Logits of batches from many threads, which read them: one device, one batch on it at a time.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "engine/cuda/device_runner.h"

namespace lossmith {

class DevicePredictor {
 public:
  // `runner` must outlive this.
  DevicePredictor(Device& device, DeviceRunner& runner, int threads, int64_t capacity);

  // Of at most `capacity` examples: what the runner's output is, in host memory until the thread's next call. Throws as LaneRunner::run.
  const float* run(const Batch& batch, int thread);

 private:
  Device& device_;
  DeviceRunner& runner_;
  const BatchLayout layout_;
  std::vector<PinnedMemory> inputs_, outputs_;  // by thread
  std::mutex mutex_;                            // of what follows, and of the device's stream
  DeviceMemory input_, scalars_, output_;
};

}  // namespace lossmith
