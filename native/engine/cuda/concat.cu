// out[outer, Σ widths] = inputs side by side, input i is [outer, widths[i]].
#include "engine/cuda/launch.cuh"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

struct CopyColumns {
  const float* x;
  float* out;
  int64_t width, from, total;
  __host__ __device__ void operator()(int64_t i) const { out[i / width * total + from + i % width] = x[i]; }
};

class ConcatKernel : public DeviceKernel {
 public:
  explicit ConcatKernel(const Concat& instruction) : op_(instruction) {
    for (const int64_t width : op_.widths) total_ += width;
  }

  void enqueue(DeviceFrame& frame) override {
    int64_t from = 0;
    for (size_t i = 0; i < op_.inputs.size(); i++) {
      const int64_t width = op_.widths[i];
      forEach(*frame.stream, frame.size(op_.outer) * width, CopyColumns{frame.floats(op_.inputs[i]), frame.floats(op_.out), width, from, total_});
      from += width;
    }
  }

 private:
  const Concat op_;
  int64_t total_ = 0;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceConcat(const Concat& instruction) { return std::make_unique<ConcatKernel>(instruction); }

}  // namespace lossmith
