// See lookahead.h. The loops are cloned per instruction set; what they call is inlined into each clone.
#include "engine/state/lookahead.h"

#include <algorithm>
#include <cmath>

#include "engine/cpu/isa.h"
#include "engine/state/optimizer_arithmetic.h"

namespace lossmith {

LookaheadStep::LookaheadStep(const OptimizerSpec& spec, Lookahead kind, int64_t step, int64_t count, int64_t validation_count)
    : step(spec, step, count), kind(spec.kind == OptimizerKind::Sgd ? Lookahead::Sgd : kind) {
  const double b1 = 1 - std::pow(spec.beta1, static_cast<double>(step)), b2 = 1 - std::pow(spec.beta2, static_cast<double>(step));
  validation_scale = static_cast<float>(1.0 / static_cast<double>(validation_count));
  if (spec.kind != OptimizerKind::Adam) return;
  rest = static_cast<float>((1 - spec.beta1) / b1);
  of_v = static_cast<float>((1 - spec.beta1) * spec.beta2 / (b1 * b2));
  of_moment = static_cast<float>(spec.beta1 * (1 - spec.beta2) / (b1 * b2));
  table_epsilon = static_cast<float>(spec.epsilon / std::sqrt(b2));
}

namespace {

constexpr int64_t kPrefetchRows = 8;

// One span of weights, dense or of a row. The state is that before the step.
struct Span {
  const float *g, *h, *w, *m, *v;
  float* out;
};

// Scalars are copied: what is written might be they, for all that the compiler knows.
[[gnu::always_inline]] static inline void plain(const LookaheadStep& step, int64_t n, const float* __restrict h, float* __restrict out) {
  const LookaheadStep s = step;
  for (int64_t i = 0; i < n; i++) out[i] = plainDirection(s, h[i]);
}

template <bool kExact>
[[gnu::always_inline]] static inline void adagrad(const LookaheadStep& step, int64_t n, const Span& at, float epsilon) {
  const LookaheadStep s = step;
  const float* __restrict g = at.g, * __restrict h = at.h, * __restrict w = at.w, * __restrict v = at.v;
  float* __restrict out = at.out;
  for (int64_t i = 0; i < n; i++) out[i] = adagradDirection<kExact>(s, g[i], h[i], w[i], v[i], epsilon);
}

template <bool kExact>
[[gnu::always_inline]] static inline void adam(const LookaheadStep& step, int64_t n, const Span& at, float epsilon) {
  const LookaheadStep s = step;
  const float* __restrict g = at.g, * __restrict h = at.h, * __restrict w = at.w, * __restrict m = at.m, * __restrict v = at.v;
  float* __restrict out = at.out;
  for (int64_t i = 0; i < n; i++) out[i] = adamDirection<kExact>(s, g[i], h[i], w[i], m[i], v[i], epsilon);
}

[[gnu::always_inline]] static inline void direction(const LookaheadStep& s, int64_t n, const Span& at, float epsilon) {
  const bool exact = s.kind == Lookahead::Exact;
  if (s.kind == Lookahead::Sgd) return plain(s, n, at.h, at.out);
  if (s.step.kind == OptimizerKind::Adagrad) return exact ? adagrad<true>(s, n, at, s.step.epsilon) : adagrad<false>(s, n, at, s.step.epsilon);
  return exact ? adam<true>(s, n, at, epsilon) : adam<false>(s, n, at, epsilon);
}

LOSSMITH_CLONES void directionSpan(const LookaheadStep& s, int64_t n, const Span& at) { direction(s, n, at, s.step.epsilon); }

LOSSMITH_CLONES void directionRows(const LookaheadStep& s, float* base, int64_t stride, int64_t width, int64_t tangent, const RowSpan& gradient,
                                   const RowSpan& validation) {
  const bool adam = s.step.kind == OptimizerKind::Adam;
  int64_t next = 0;
  for (int64_t i = 0; i < gradient.count; i++) {
    const float* ahead = base + gradient.rows[std::min(i + kPrefetchRows, gradient.count - 1)] * stride;
    for (int64_t line = 0; line < stride; line += 16) __builtin_prefetch(ahead + line, 1);
    float* row = base + gradient.rows[i] * stride;
    while (next < validation.count && validation.rows[next] < gradient.rows[i]) next++;
    if (next == validation.count || validation.rows[next] != gradient.rows[i]) {
      std::fill_n(row + tangent, width, 0.0f);
      continue;
    }
    const float *m = row + width, *v = adam ? m + width : m;
    direction(s, width, {gradient.values + i * width, validation.values + next * width, row, m, v, row + tangent}, s.table_epsilon);
  }
}

}  // namespace

void lookaheadDense(const LookaheadStep& step, int64_t n, const float* gradient, const float* validation, const float* weight, const float* m,
                    const float* v, float* out) {
  directionSpan(step, n, {gradient, validation, weight, m, v, out});
}

void lookaheadRows(const LookaheadStep& step, float* base, int64_t stride, int64_t width, int64_t tangent, const RowSpan& gradient,
                   const RowSpan& validation) {
  directionRows(step, base, stride, width, tangent, gradient, validation);
}

}  // namespace lossmith
