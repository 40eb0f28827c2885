// See optimizer.h. The loops are cloned per instruction set; what they call is inlined into each clone.
#include "engine/state/optimizer.h"

#include <algorithm>
#include <cmath>

#include "engine/cpu/isa.h"
#include "engine/state/optimizer_arithmetic.h"

namespace lossmith {

OptimizerStep::OptimizerStep(const OptimizerSpec& spec, int64_t step, int64_t count) {
  const double b1 = 1 - std::pow(spec.beta1, static_cast<double>(step)), b2 = 1 - std::pow(spec.beta2, static_cast<double>(step));
  kind = spec.kind;
  scale = static_cast<float>(1.0 / static_cast<double>(count));
  weight_decay = static_cast<float>(spec.weight_decay);
  rate = static_cast<float>(spec.rate);
  beta2 = static_cast<float>(spec.beta2);
  rest1 = static_cast<float>(1 - spec.beta1);
  rest2 = static_cast<float>(1 - spec.beta2);
  dense_rate = static_cast<float>(spec.rate / b1);
  root2 = static_cast<float>(std::sqrt(b2));
  table_rate = static_cast<float>(spec.rate * std::sqrt(b2) / b1);
  epsilon = static_cast<float>(spec.epsilon);
}

namespace {

// A row's lines are asked for this many rows ahead: rows lie all over the table.
constexpr int64_t kPrefetchRows = 8;

[[gnu::always_inline]] static inline void prefetchRow(const float* row, int64_t floats) {
  for (int64_t i = 0; i < floats; i += 16) __builtin_prefetch(row + i, 1);
}

// Scalars are copied: what is written might be they, for all that the compiler knows.
[[gnu::always_inline]] static inline void sgd(const OptimizerStep& step, int64_t n, const float* __restrict g, float* __restrict w) {
  const OptimizerStep s = step;
  for (int64_t i = 0; i < n; i++) sgdStep(s, g[i], w[i]);
}

[[gnu::always_inline]] static inline void adagrad(const OptimizerStep& step, int64_t n, const float* __restrict g, float* __restrict w,
                                                  float* __restrict v) {
  const OptimizerStep s = step;
  for (int64_t i = 0; i < n; i++) adagradStep(s, g[i], w[i], v[i]);
}

[[gnu::always_inline]] static inline void adamDense(const OptimizerStep& step, int64_t n, const float* __restrict g, float* __restrict w,
                                                    float* __restrict m, float* __restrict v) {
  const OptimizerStep s = step;
  for (int64_t i = 0; i < n; i++) adamDenseStep(s, g[i], w[i], m[i], v[i]);
}

[[gnu::always_inline]] static inline void adamRow(const OptimizerStep& step, int64_t n, const float* __restrict g, float* __restrict w,
                                                  float* __restrict m, float* __restrict v) {
  const OptimizerStep s = step;
  for (int64_t i = 0; i < n; i++) adamRowStep(s, g[i], w[i], m[i], v[i]);
}

LOSSMITH_CLONES void sgdSpan(const OptimizerStep& s, int64_t n, const float* g, float* w) { sgd(s, n, g, w); }
LOSSMITH_CLONES void adagradSpan(const OptimizerStep& s, int64_t n, const float* g, float* w, float* v) { adagrad(s, n, g, w, v); }
LOSSMITH_CLONES void adamSpan(const OptimizerStep& s, int64_t n, const float* g, float* w, float* m, float* v) { adamDense(s, n, g, w, m, v); }

LOSSMITH_CLONES void sgdRows(const OptimizerStep& s, float* base, int64_t stride, int64_t width, const int64_t* rows, const float* g, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    prefetchRow(base + rows[std::min(i + kPrefetchRows, count - 1)] * stride, width);
    sgd(s, width, g + i * width, base + rows[i] * stride);
  }
}

LOSSMITH_CLONES void adagradRows(const OptimizerStep& s, float* base, int64_t stride, int64_t width, const int64_t* rows, const float* g,
                                 int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    prefetchRow(base + rows[std::min(i + kPrefetchRows, count - 1)] * stride, 2 * width);
    float* row = base + rows[i] * stride;
    adagrad(s, width, g + i * width, row, row + width);
  }
}

LOSSMITH_CLONES void adamRows(const OptimizerStep& s, float* base, int64_t stride, int64_t width, const int64_t* rows, const float* g,
                              int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    prefetchRow(base + rows[std::min(i + kPrefetchRows, count - 1)] * stride, 3 * width);
    float* row = base + rows[i] * stride;
    adamRow(s, width, g + i * width, row, row + width, row + 2 * width);
  }
}

}  // namespace

void updateDense(const OptimizerStep& step, int64_t n, const float* gradient, float* weight, float* m, float* v) {
  switch (step.kind) {
    case OptimizerKind::Sgd:
      return sgdSpan(step, n, gradient, weight);
    case OptimizerKind::Adagrad:
      return adagradSpan(step, n, gradient, weight, v);
    case OptimizerKind::Adam:
      return adamSpan(step, n, gradient, weight, m, v);
  }
}

void updateRows(const OptimizerStep& step, float* base, int64_t stride, int64_t width, const int64_t* rows, const float* gradients, int64_t count) {
  switch (step.kind) {
    case OptimizerKind::Sgd:
      return sgdRows(step, base, stride, width, rows, gradients, count);
    case OptimizerKind::Adagrad:
      return adagradRows(step, base, stride, width, rows, gradients, count);
    case OptimizerKind::Adam:
      return adamRows(step, base, stride, width, rows, gradients, count);
  }
}

}  // namespace lossmith
