// out[B, F(F-1)/2] = the inner products of every two of an example's F rows, by increasing i, then j > i. Row i meets sixteen later rows at a
// time: they lie transposed, so that a product's terms are added in the order of the width, whatever the vector's.
#include <algorithm>
#include <vector>

#include "engine/cpu/float_lanes.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

// One of the products whose sum a pair is: a row of `rows` with one of `columns`, which is [width, stride].
struct Term {
  const float* rows;
  const float* columns;
};

// Room for the last vector of a row, which may go past the end.
int64_t strideOf(int64_t fields) { return fields + kLanes; }

LOSSMITH_CLONES void transposeRows(const float* x, int64_t fields, int64_t width, float* columns) {
  const int64_t stride = strideOf(fields);
  for (int64_t d = 0; d < width; d++) {
    for (int64_t i = 0; i < fields; i++) columns[d * stride + i] = x[i * width + d];
  }
}

// Writes up to kLanes floats past the end of the pairs.
LOSSMITH_CLONES void addPairs(const Term* terms, int64_t count, int64_t fields, int64_t width, float* pairs) {
  const int64_t stride = strideOf(fields);
  for (int64_t i = 0; i + 1 < fields; pairs += fields - 1 - i, i++) {
    for (int64_t j = i + 1; j < fields; j += kLanes) {
      Lanes sum = {}, part;
      for (int64_t t = 0; t < count; t++) {
        const float* row = terms[t].rows + i * width;
        const float* column = terms[t].columns + j;
        for (int64_t d = 0; d < width; d++) {
          load(part, column + d * stride);
          sum += part * row[d];
        }
      }
      store(pairs + j - i - 1, sum);
    }
  }
}

class Pairs {
 public:
  Pairs(int64_t fields, int64_t width, int terms)
      : fields_(fields),
        width_(width),
        columns_(terms, std::vector<float>(width * strideOf(fields))),
        terms_(terms),
        pairs_(fields * (fields - 1) / 2 + kLanes) {}

  // Term t is rows[t] with columns_of[t].
  void run(const std::vector<const float*>& rows, const std::vector<const float*>& columns_of, int64_t batch, float* out) {
    const auto count = static_cast<int64_t>(terms_.size());
    const int64_t size = static_cast<int64_t>(pairs_.size()) - kLanes;
    for (int64_t example = 0; example < batch; example++, out += size) {
      const int64_t at = example * fields_ * width_;
      for (int64_t t = 0; t < count; t++) {
        transposeRows(columns_of[t] + at, fields_, width_, columns_[t].data());
        terms_[t] = {rows[t] + at, columns_[t].data()};
      }
      addPairs(terms_.data(), count, fields_, width_, pairs_.data());
      std::copy_n(pairs_.data(), size, out);
    }
  }

 private:
  const int64_t fields_, width_;
  std::vector<std::vector<float>> columns_;
  std::vector<Term> terms_;
  std::vector<float> pairs_;
};

class PairDotsKernel : public Kernel {
 public:
  explicit PairDotsKernel(const PairDots& op) : op_(op), pairs_(op.fields, op.width, 1) {}

  void run(Frame& frame) override {
    const float* x = frame.floats(op_.x);
    pairs_.run({x}, {x}, frame.batch(), frame.floats(op_.out));
  }

 private:
  const PairDots op_;
  Pairs pairs_;
};

class PairDotsCrossKernel : public Kernel {
 public:
  explicit PairDotsCrossKernel(const PairDotsCross& op) : op_(op), pairs_(op.fields, op.width, 2) {}

  void run(Frame& frame) override {
    const float* a = frame.floats(op_.a);
    const float* b = frame.floats(op_.b);
    pairs_.run({a, b}, {b, a}, frame.batch(), frame.floats(op_.out));
  }

 private:
  const PairDotsCross op_;
  Pairs pairs_;
};

}  // namespace

std::unique_ptr<Kernel> makePairDots(const PairDots& instruction) { return std::make_unique<PairDotsKernel>(instruction); }
std::unique_ptr<Kernel> makePairDotsCross(const PairDotsCross& instruction) { return std::make_unique<PairDotsCrossKernel>(instruction); }

}  // namespace lossmith
