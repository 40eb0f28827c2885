// See dense_state.h.
#include "engine/state/dense_state.h"

#include <algorithm>

namespace lossmith {

DenseState::DenseState(const std::vector<ParameterSpec>& specs, const OptimizerSpec& optimizer) : DenseLayout(specs), optimizer_(optimizer) {
  for (int plane = 0; plane < optimizer.states(); plane++) planes_.emplace_back(size());
}

void DenseState::initialize(uint64_t seed) {
  for (AlignedFloats& plane : planes_) std::fill_n(plane.data(), size(), 0.0f);
  for (size_t i = 0; i < specs().size(); i++) {
    const ParameterSpec& spec = specs()[i];
    const int64_t width = spec.shape.empty() ? 1 : spec.shape.back();
    if (elements(i) == 0) continue;
    drawRows(spec.init, seed, spec.name, 0, elements(i) / width, width, plane(0) + offset(i), width);
    if (optimizer_.hasV()) std::fill_n(plane(optimizer_.states() - 1) + offset(i), elements(i), static_cast<float>(optimizer_.initial));
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
