// out[b, i] = the sum over j != i, in its order, of d[b, pair of i and j] * x[b, j]. Rows are padded to whole vectors on the way in and out.
#include <algorithm>
#include <vector>

#include "engine/cpu/float_lanes.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

// x and out of one example, [fields, stride]; stride is a multiple of kLanes.
LOSSMITH_CLONES void pairGradients(const float* x, const float* d, int64_t fields, int64_t stride, float* out) {
  for (int64_t i = 0; i < fields; i++, out += stride) {
    for (int64_t w = 0; w < stride; w += kLanes) {
      const float* row = x + w;
      Lanes sum = {}, part;
      int64_t pair = i - 1;  // of 0 and i; that of j + 1 and i is fields - 2 - j further
      for (int64_t j = 0; j < i; j++, row += stride) {
        load(part, row);
        sum += part * d[pair];
        pair += fields - 2 - j;
      }
      row += stride;
      const float* later = d + i * (2 * fields - i - 1) / 2;
      for (int64_t j = i + 1; j < fields; j++, row += stride, later++) {
        load(part, row);
        sum += part * *later;
      }
      store(out + w, sum);
    }
  }
}

class PairDotsGradKernel : public Kernel {
 public:
  explicit PairDotsGradKernel(const PairDotsGrad& instruction)
      : op_(instruction), stride_((op_.width + kLanes - 1) / kLanes * kLanes), x_(op_.fields * stride_), out_(x_.size()) {}

  void run(Frame& frame) override {
    const float* x = frame.floats(op_.x);
    const float* d = frame.floats(op_.d);
    float* out = frame.floats(op_.out);
    for (int64_t example = 0; example < frame.batch(); example++, d += op_.fields * (op_.fields - 1) / 2) {
      for (int64_t i = 0; i < op_.fields; i++, x += op_.width) std::copy_n(x, op_.width, x_.data() + i * stride_);
      pairGradients(x_.data(), d, op_.fields, stride_, out_.data());
      for (int64_t i = 0; i < op_.fields; i++, out += op_.width) std::copy_n(out_.data() + i * stride_, op_.width, out);
    }
  }

 private:
  const PairDotsGrad op_;
  const int64_t stride_;
  std::vector<float> x_, out_;
};

}  // namespace

std::unique_ptr<Kernel> makePairDotsGrad(const PairDotsGrad& instruction) { return std::make_unique<PairDotsGradKernel>(instruction); }

}  // namespace lossmith
