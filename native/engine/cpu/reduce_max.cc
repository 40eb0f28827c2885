// out[outer, inner] = the largest of x[outer, length, inner] over length; −∞ of none, NaN of any NaN. Of zeros of both signs, which one
// comes out follows from the places alone.
#include <algorithm>

#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"
#include "engine/scalar_functions.h"

namespace lossmith {
namespace {

constexpr int64_t kParts = 16;  // of a long row, element i in part i mod 16

LOSSMITH_CLONES void rowMaxima(const float* x, int64_t rows, int64_t length, float* out) {
  for (int64_t r = 0; r < rows; r++, x += length) {
    float parts[kParts];
    std::fill(parts, parts + kParts, -kInfinity);
    int64_t i = 0;
    for (; i + kParts <= length; i += kParts) {
      for (int64_t p = 0; p < kParts; p++) parts[p] = maxOf(x[i + p], parts[p]);
    }
    float most = -kInfinity;
    if (i > 0) {
      for (int64_t p = 0; p < kParts; p++) most = maxOf(parts[p], most);
    }
    for (; i < length; i++) most = maxOf(x[i], most);
    out[r] = most;
  }
}

LOSSMITH_CLONES void columnMaxima(const float* x, int64_t length, int64_t inner, float* out) {
  std::fill(out, out + inner, -kInfinity);
  for (int64_t i = 0; i < length; i++, x += inner) {
    for (int64_t j = 0; j < inner; j++) out[j] = maxOf(x[j], out[j]);
  }
}

class ReduceMaxKernel : public Kernel {
 public:
  explicit ReduceMaxKernel(const ReduceMax& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const int64_t outer = frame.size(op_.outer), length = frame.size(op_.length), inner = frame.size(op_.inner);
    const float* x = frame.floats(op_.x);
    float* out = frame.floats(op_.out);
    if (inner == 1) {
      rowMaxima(x, outer, length, out);
      return;
    }
    for (int64_t o = 0; o < outer; o++) columnMaxima(x + o * length * inner, length, inner, out + o * inner);
  }

 private:
  const ReduceMax op_;
};

}  // namespace

std::unique_ptr<Kernel> makeReduceMax(const ReduceMax& instruction) { return std::make_unique<ReduceMaxKernel>(instruction); }

}  // namespace lossmith
