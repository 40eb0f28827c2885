// The smooth pairwise objective and its gradient: with c = n / (n+ n-), a positive i has c * the sum over negatives j of softplus(z_j - z_i),
// others 0. Positives come one by one, in the order of the examples; each meets all negatives, which lie together, in vectors.
#include <algorithm>
#include <vector>

#include "engine/cpu/elementwise_tiles.h"
#include "engine/cpu/float_lanes.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"

namespace lossmith {
namespace {

LOSSMITH_CLONES float sumOf(const float* x, int64_t count) { return sumOfFloats(x, count); }

LOSSMITH_CLONES void addTimes(float* to, const float* x, float factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] += x[i] * factor;
}

// The examples of a batch by kind, and the negatives' logits together.
class Pairs {
 public:
  void split(const float* z, const float* y, int64_t batch) {
    positives_.clear();
    negatives_.clear();
    for (int64_t i = 0; i < batch; i++) (y[i] > 0.5f ? positives_ : negatives_).push_back(i);
    const size_t padded = (negatives_.size() + kTileStep - 1) / kTileStep * kTileStep;
    logits_.assign(padded, 0.0f);
    apart_.resize(padded);
    for (size_t j = 0; j < negatives_.size(); j++) logits_[j] = z[negatives_[j]];
    const double pairs = static_cast<double>(positives_.size()) * static_cast<double>(negatives_.size());
    scale_ = pairs > 0 ? static_cast<float>(static_cast<double>(batch) / pairs) : 0.0f;
  }

  // f(z_j - z_i) of every negative j.
  const float* overNegatives(Function f, float positive) {
    const auto count = static_cast<int64_t>(apart_.size());
    tileFunction(Function::AddConstant)(apart_.data(), logits_.data(), nullptr, -positive, count);
    tileFunction(f)(apart_.data(), apart_.data(), nullptr, 0.0f, count);
    return apart_.data();
  }

  const std::vector<int64_t>& positives() const { return positives_; }
  const std::vector<int64_t>& negatives() const { return negatives_; }
  float scale() const { return scale_; }

 private:
  std::vector<int64_t> positives_, negatives_;
  std::vector<float> logits_, apart_;
  float scale_ = 0;
};

class PairwiseAucKernel : public Kernel {
 public:
  explicit PairwiseAucKernel(const PairwiseAuc& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const float* z = frame.floats(op_.z);
    float* out = frame.floats(op_.out);
    pairs_.split(z, frame.floats(op_.y), frame.batch());
    std::fill_n(out, frame.batch(), 0.0f);
    const auto count = static_cast<int64_t>(pairs_.negatives().size());
    if (count == 0) return;
    for (const int64_t i : pairs_.positives()) out[i] = pairs_.scale() * sumOf(pairs_.overNegatives(Function::Softplus, z[i]), count);
  }

 private:
  const PairwiseAuc op_;
  Pairs pairs_;
};

class PairwiseAucGradKernel : public Kernel {
 public:
  explicit PairwiseAucGradKernel(const PairwiseAucGrad& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const float* z = frame.floats(op_.z);
    const float* d = frame.floats(op_.d);
    float* out = frame.floats(op_.out);
    pairs_.split(z, frame.floats(op_.y), frame.batch());
    const auto count = static_cast<int64_t>(pairs_.negatives().size());
    of_negatives_.assign(count, 0.0f);
    for (const int64_t i : pairs_.positives()) {
      const float weight = pairs_.scale() * d[i];
      const float* slopes = pairs_.overNegatives(Function::Sigmoid, z[i]);
      out[i] = -weight * sumOf(slopes, count);
      addTimes(of_negatives_.data(), slopes, weight, count);
    }
    for (int64_t j = 0; j < count; j++) out[pairs_.negatives()[j]] = of_negatives_[j];
  }

 private:
  const PairwiseAucGrad op_;
  Pairs pairs_;
  std::vector<float> of_negatives_;
};

}  // namespace

std::unique_ptr<Kernel> makePairwiseAuc(const PairwiseAuc& instruction) { return std::make_unique<PairwiseAucKernel>(instruction); }
std::unique_ptr<Kernel> makePairwiseAucGrad(const PairwiseAucGrad& instruction) { return std::make_unique<PairwiseAucGradKernel>(instruction); }

}  // namespace lossmith
