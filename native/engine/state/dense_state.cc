// See dense_state.h.
#include "engine/state/dense_state.h"

#include <algorithm>

#include "engine/errors.h"

namespace lossmith {

constexpr int64_t kMaxElements = int64_t{1} << 48;

DenseState::DenseState(const std::vector<ParameterSpec>& specs, const OptimizerSpec& optimizer) : specs_(specs), optimizer_(optimizer) {
  for (const ParameterSpec& spec : specs) {
    int64_t elements = 1;
    for (int64_t dimension : spec.shape) {
      if (__builtin_mul_overflow(elements, dimension, &elements) || elements > kMaxElements) {
        throw configError("parameter-too-large", "[parameter " + spec.name + "] wanted at most 2^48 elements, got more");
      }
    }
    offsets_.push_back(size_);
    elements_.push_back(elements);
    size_ += (elements + kLineFloats - 1) / kLineFloats * kLineFloats;
  }
  for (int plane = 0; plane < optimizer.states(); plane++) planes_.emplace_back(size_);
}

void DenseState::initialize(uint64_t seed) {
  for (AlignedFloats& plane : planes_) std::fill_n(plane.data(), size_, 0.0f);
  for (size_t i = 0; i < specs_.size(); i++) {
    const int64_t width = specs_[i].shape.empty() ? 1 : specs_[i].shape.back();
    if (elements_[i] == 0) continue;
    drawRows(specs_[i].init, seed, specs_[i].name, 0, elements_[i] / width, width, plane(0) + offsets_[i], width);
    if (optimizer_.hasV()) std::fill_n(plane(optimizer_.states() - 1) + offsets_[i], elements_[i], static_cast<float>(optimizer_.initial));
  }
}

void DenseState::update(const OptimizerStep& step, int64_t from, int64_t to, const float* gradient) {
  float* m = optimizer_.hasM() ? plane(1) + from : nullptr;
  float* v = optimizer_.hasV() ? plane(optimizer_.states() - 1) + from : nullptr;
  updateDense(step, to - from, gradient + from, plane(0) + from, m, v);
}

void DenseState::lookahead(const LookaheadStep& step, int64_t from, int64_t count, const float* gradient, const float* validation, float* out) {
  const float* m = optimizer_.hasM() ? plane(1) + from : nullptr;
  const float* v = optimizer_.hasV() ? plane(optimizer_.states() - 1) + from : nullptr;
  lookaheadDense(step, count, gradient + from, validation + from, weight() + from, m, v, out + from);
}

}  // namespace lossmith
