// The arithmetic of one element in optimizer.h and lookahead.h: one text for the CPU's loops and for kernels of a GPU, each rounding written out
// (timesPlus), so that both give the same bits. g is the sum over examples; w, m and v are those before the step.
#pragma once

#include <cmath>

#include "engine/scalar_functions.h"
#include "engine/state/lookahead.h"
#include "engine/state/optimizer.h"

namespace lossmith {

LOSSMITH_INLINE float meanGradient(const OptimizerStep& s, float g, float w) { return timesPlus(g, s.scale, s.weight_decay * w); }

LOSSMITH_INLINE void sgdStep(const OptimizerStep& s, float g, float& w) { w = timesPlus(-s.rate, meanGradient(s, g, w), w); }

LOSSMITH_INLINE void adagradStep(const OptimizerStep& s, float g, float& w, float& v) {
  const float d = meanGradient(s, g, w);
  v = timesPlus(d, d, v);
  w = timesPlus(-s.rate, d / (std::sqrt(v) + s.epsilon), w);
}

LOSSMITH_INLINE void adamDenseStep(const OptimizerStep& s, float g, float& w, float& m, float& v) {
  const float d = meanGradient(s, g, w);
  m = timesPlus(d - m, s.rest1, m);
  v = timesPlus(v, s.beta2, d * d * s.rest2);
  w = timesPlus(-s.dense_rate, m / (std::sqrt(v) / s.root2 + s.epsilon), w);
}

LOSSMITH_INLINE void adamRowStep(const OptimizerStep& s, float g, float& w, float& m, float& v) {
  const float d = meanGradient(s, g, w);
  m = timesPlus(d - m, s.rest1, m);
  v = timesPlus(timesPlus(d, d, -v), s.rest2, v);
  w = timesPlus(-s.table_rate, m / (std::sqrt(v) + s.epsilon), w);
}

// V of one element, h the sum of validation gradients. epsilon: that of dense state, or of tables (table_epsilon).
LOSSMITH_INLINE float plainDirection(const LookaheadStep& s, float h) { return h * s.validation_scale; }

template <bool kExact>
LOSSMITH_INLINE float adagradDirection(const LookaheadStep& s, float g, float h, float w, float v, float epsilon) {
  const float d = meanGradient(s.step, g, w);
  const float root = std::sqrt(timesPlus(d, d, v)), inverse = 1 / (root + epsilon);
  const float derivative = kExact ? inverse * inverse * (v / (root > 0 ? root : 1.0f) + epsilon) : inverse;
  return h * s.validation_scale * derivative;
}

template <bool kExact>
LOSSMITH_INLINE float adamDirection(const LookaheadStep& s, float g, float h, float w, float m, float v, float epsilon) {
  const float d = meanGradient(s.step, g, w);
  const float unscaled = std::sqrt(timesPlus(v, s.step.beta2, d * d * s.step.rest2)), inverse_root2 = 1 / s.step.root2;
  const float root = unscaled * inverse_root2, inverse = 1 / timesPlus(unscaled, inverse_root2, epsilon);
  const float turned = kExact ? timesPlus(s.of_v, v, -(s.of_moment * m * d)) / (root > 0 ? root : 1.0f) : 0.0f;
  return h * s.validation_scale * (kExact ? inverse * inverse * timesPlus(s.rest, epsilon, turned) : inverse);
}

}  // namespace lossmith
