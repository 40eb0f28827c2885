// out[B, width]: 0 with probability rate, else 1/(1−rate), drawn by step_draws.cuh.
#include <cmath>

#include "engine/cuda/ops.h"
#include "engine/cuda/step_draws.cuh"

namespace lossmith {
namespace {

struct MaskUnit {
  uint32_t threshold;
  float kept;
  __host__ __device__ float operator()(uint32_t word) const { return word >> 8 < threshold ? 0.0f : kept; }
};

class DropoutMaskKernel : public DeviceKernel {
 public:
  explicit DropoutMaskKernel(const DropoutMask& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    // As cpu/dropout_mask.cc: (word >> 8)·2⁻²⁴ < rate in whole numbers.
    const auto threshold = static_cast<uint32_t>(std::ceil(op_.rate * 0x1p24));
    const auto kept = static_cast<float>(1.0 / (1.0 - op_.rate));
    drawUnits(frame, op_.purpose, op_.width, MaskUnit{threshold, kept}, frame.floats(op_.out));
  }

 private:
  const DropoutMask op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceDropoutMask(const DropoutMask& instruction) { return std::make_unique<DropoutMaskKernel>(instruction); }

}  // namespace lossmith
