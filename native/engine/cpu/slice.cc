// out[outer, width] = x[outer, from .. from + width] of rows of `total`.
#include <cstring>

#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

class SliceKernel : public Kernel {
 public:
  explicit SliceKernel(const Slice& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const int64_t outer = frame.size(op_.outer);
    const float* x = frame.floats(op_.x) + op_.from;
    float* out = frame.floats(op_.out);
    for (int64_t o = 0; o < outer; o++) std::memcpy(out + o * op_.width, x + o * op_.total, op_.width * sizeof(float));
  }

 private:
  const Slice op_;
};

}  // namespace

std::unique_ptr<Kernel> makeSlice(const Slice& instruction) { return std::make_unique<SliceKernel>(instruction); }

}  // namespace lossmith
