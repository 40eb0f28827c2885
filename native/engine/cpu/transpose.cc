// out[outer, columns, rows] = x[outer, rows, columns], in squares whose lines of both sides fit the first cache.
#include <algorithm>

#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

constexpr int64_t kSquare = 16;

void transposeOne(const float* x, float* out, int64_t rows, int64_t columns) {
  for (int64_t r0 = 0; r0 < rows; r0 += kSquare) {
    const int64_t r1 = std::min(rows, r0 + kSquare);
    for (int64_t c0 = 0; c0 < columns; c0 += kSquare) {
      const int64_t c1 = std::min(columns, c0 + kSquare);
      for (int64_t c = c0; c < c1; c++) {
        for (int64_t r = r0; r < r1; r++) out[c * rows + r] = x[r * columns + c];
      }
    }
  }
}

class TransposeKernel : public Kernel {
 public:
  explicit TransposeKernel(const Transpose& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const int64_t outer = frame.size(op_.outer), rows = frame.size(op_.rows), columns = frame.size(op_.columns);
    for (int64_t o = 0; o < outer; o++) {
      transposeOne(frame.floats(op_.x) + o * rows * columns, frame.floats(op_.out) + o * rows * columns, rows, columns);
    }
  }

 private:
  const Transpose op_;
};

}  // namespace

std::unique_ptr<Kernel> makeTranspose(const Transpose& instruction) { return std::make_unique<TransposeKernel>(instruction); }

}  // namespace lossmith
