// out[B, rows]: 1 where ids[b, column] is that row, else 0. The place of an id among the ascending rows is found by halving.
#include <algorithm>

#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

class OneHotKernel : public Kernel {
 public:
  explicit OneHotKernel(const OneHot& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const auto width = static_cast<int64_t>(op_.rows.size());
    const int64_t* ids = frame.ids(op_.ids) + op_.column;
    float* out = frame.floats(op_.out);
    std::fill(out, out + frame.batch() * width, 0.0f);
    for (int64_t example = 0; example < frame.batch(); example++, ids += op_.fields, out += width) {
      const auto row = std::lower_bound(op_.rows.begin(), op_.rows.end(), *ids);
      if (row != op_.rows.end() && *row == *ids) out[row - op_.rows.begin()] = 1.0f;
    }
  }

 private:
  const OneHot op_;
};

}  // namespace

std::unique_ptr<Kernel> makeOneHot(const OneHot& instruction) { return std::make_unique<OneHotKernel>(instruction); }

}  // namespace lossmith
