// out[outer, Σ widths] = inputs side by side, input i is [outer, widths[i]].
#include <cstring>

#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

class ConcatKernel : public Kernel {
 public:
  explicit ConcatKernel(const Concat& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const int64_t outer = frame.size(op_.outer);
    float* out = frame.floats(op_.out);
    for (int64_t o = 0; o < outer; o++) {
      for (size_t i = 0; i < op_.inputs.size(); i++) {
        const int64_t width = op_.widths[i];
        std::memcpy(out, frame.floats(op_.inputs[i]) + o * width, width * sizeof(float));
        out += width;
      }
    }
  }

 private:
  const Concat op_;
};

}  // namespace

std::unique_ptr<Kernel> makeConcat(const Concat& instruction) { return std::make_unique<ConcatKernel>(instruction); }

}  // namespace lossmith
