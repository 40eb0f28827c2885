// out[outer, Σ widths] = inputs side by side, input i is [outer, widths[i]].
#include "engine/cuda/move_columns.cuh"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

class ConcatKernel : public DeviceKernel {
 public:
  explicit ConcatKernel(const Concat& instruction) : op_(instruction) {
    for (const int64_t width : op_.widths) total_ += width;
  }

  void enqueue(DeviceFrame& frame) override {
    float* out = frame.floats(op_.out);
    for (size_t i = 0; i < op_.inputs.size(); i++) {
      const int64_t width = op_.widths[i];
      moveColumns(*frame.stream, frame.floats(op_.inputs[i]), width, out, total_, frame.size(op_.outer), width);
      out += width;
    }
  }

 private:
  const Concat op_;
  int64_t total_ = 0;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceConcat(const Concat& instruction) { return std::make_unique<ConcatKernel>(instruction); }

}  // namespace lossmith
