// out[outer, width] = x[outer, from .. from + width] of rows of `total`.
#include "engine/cuda/move_columns.cuh"
#include "engine/cuda/ops.h"

namespace lossmith {
namespace {

class SliceKernel : public DeviceKernel {
 public:
  explicit SliceKernel(const Slice& instruction) : op_(instruction) {}

  void enqueue(DeviceFrame& frame) override {
    moveColumns(*frame.stream, frame.floats(op_.x) + op_.from, op_.total, frame.floats(op_.out), op_.width, frame.size(op_.outer), op_.width);
  }

 private:
  const Slice op_;
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceSlice(const Slice& instruction) { return std::make_unique<SliceKernel>(instruction); }

}  // namespace lossmith
