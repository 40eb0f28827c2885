// out[B, width] in (0, 1): (w + ½)·2⁻²³ of a word's upper 23 bits w, drawn by step_draws.cuh. Every product and sum here is exact.
#include "engine/cuda/ops.h"
#include "engine/cuda/step_draws.cuh"

namespace lossmith {
namespace {

struct UniformUnit {
  __host__ __device__ float operator()(uint32_t word) const { return static_cast<float>(word >> 9) * 0x1p-23f + 0x1p-24f; }
};

class UniformKernel : public DeviceKernel {
 public:
  explicit UniformKernel(const Uniform& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override { drawUnits(frame, op_.purpose, op_.width, UniformUnit{}, frame.floats(op_.out)); }

 private:
  const Uniform op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceUniform(const Uniform& instruction) { return std::make_unique<UniformKernel>(instruction); }

}  // namespace lossmith
