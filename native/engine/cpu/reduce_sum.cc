// out[outer, inner] = Σ over length of x[outer, length, inner]. With inner > 1 a column is added in the order of length. With inner 1 a row is
// added in the order of sumOfFloats.
#include <algorithm>

#include "engine/cpu/float_lanes.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

constexpr int64_t kBlock = 4;  // vectors of columns that are summed side by side

LOSSMITH_CLONES void rowSums(const float* x, int64_t rows, int64_t length, float* out) {
  for (int64_t r = 0; r < rows; r++, x += length) out[r] = sumOfFloats(x, length);
}

LOSSMITH_CLONES void columnSums(const float* x, int64_t length, int64_t inner, float* out) {
  int64_t column = 0;
  for (; column + kBlock * kLanes <= inner; column += kBlock * kLanes) {
    Lanes a = {}, b = {}, c = {}, d = {}, part;
    const float* row = x + column;
    for (int64_t i = 0; i < length; i++, row += inner) {
      load(part, row);
      a += part;
      load(part, row + kLanes);
      b += part;
      load(part, row + 2 * kLanes);
      c += part;
      load(part, row + 3 * kLanes);
      d += part;
    }
    store(out + column, a);
    store(out + column + kLanes, b);
    store(out + column + 2 * kLanes, c);
    store(out + column + 3 * kLanes, d);
  }
  for (; column + kLanes <= inner; column += kLanes) {
    Lanes a = {}, part;
    for (int64_t i = 0; i < length; i++) {
      load(part, x + i * inner + column);
      a += part;
    }
    store(out + column, a);
  }
  if (column == inner) return;
  std::fill(out + column, out + inner, 0.0f);
  for (int64_t i = 0; i < length; i++) {
    for (int64_t j = column; j < inner; j++) out[j] += x[i * inner + j];
  }
}

class ReduceSumKernel : public Kernel {
 public:
  explicit ReduceSumKernel(const ReduceSum& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const int64_t outer = frame.size(op_.outer), length = frame.size(op_.length), inner = frame.size(op_.inner);
    const float* x = frame.floats(op_.x);
    float* out = frame.floats(op_.out);
    if (inner == 1) {
      rowSums(x, outer, length, out);
      return;
    }
    for (int64_t o = 0; o < outer; o++) columnSums(x + o * length * inner, length, inner, out + o * inner);
  }

 private:
  const ReduceSum op_;
};

}  // namespace

std::unique_ptr<Kernel> makeReduceSum(const ReduceSum& instruction) { return std::make_unique<ReduceSumKernel>(instruction); }

}  // namespace lossmith
