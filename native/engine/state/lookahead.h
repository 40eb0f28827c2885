// V, the direction in which the next step's weights move the validation loss, undone through the optimizer: V = P ∘ h, where h is the
// mean validation gradient and P the diagonal derivative of the optimizer's step in its gradient. With the step of optimizer.h written as
// w ← w − rate·Q(g), g the reduced gradient divided by N plus weightDecay·w, and m₁, v₁, b₁, b₂ those after the step:
//   exact            P = ∂Q/∂g
//     sgd            1
//     adagrad        1/(s + ε) − g²/(s·(s + ε)²)                                           s = √v₁
//     adam           ((1 − β₁)/b₁)/(s + ε) − (m₁/b₁)(1 − β₂)·g/(b₂·s·(s + ε)²)             s = √(v₁/b₂); on rows of tables ε/√b₂ for ε
//   preconditioned   1/(s + ε), as if v₁ did not depend on g; sgd: 1
//   sgd              1, whatever the optimizer
// The second terms are 0 where s is 0. Since v₁ and m₁ contain g, both terms are nearly equal on rarely seen rows; with m and v as they were
// before the step, what is computed is the same without that difference:
//     adagrad        (v/s + ε)/(s + ε)²
//     adam           ((1 − β₁)ε + ((1 − β₁)β₂·v − β₁(1 − β₂)·m·g)/(b₂·s))/(b₁(s + ε)²)
// The state is not changed. See docs/autoloss.md.
#pragma once

#include <cstdint>

#include "engine/lanes/row_tree.h"
#include "engine/state/optimizer.h"

namespace lossmith {

enum class Lookahead { Exact, Preconditioned, Sgd };

// One step's scalars: step t over `count` examples, validated on `validation_count`.
struct LookaheadStep {
  LookaheadStep(const OptimizerSpec& spec, Lookahead kind, int64_t step, int64_t count, int64_t validation_count);

  OptimizerStep step;
  Lookahead kind;
  float validation_scale;         // 1 / validation_count
  float rest = 0;                 // (1 − β₁)/b₁
  float of_v = 0, of_moment = 0;  // (1 − β₁)β₂/(b₁·b₂), β₁(1 − β₂)/(b₁·b₂)
  float table_epsilon = 0;        // ε/√b₂
};

// n elements of dense state. gradient and validation are the sums over their examples; m and v are null where the optimizer has none.
void lookaheadDense(const LookaheadStep& step, int64_t n, const float* gradient, const float* validation, const float* weight, const float* m,
                    const float* v, float* out);

// The rows of `gradient`: V goes to `tangent` floats behind a row's weight, zeros where `validation` lacks the row. Rows lie as updateRows has them.
void lookaheadRows(const LookaheadStep& step, float* base, int64_t stride, int64_t width, int64_t tangent, const RowSpan& gradient,
                   const RowSpan& validation);

}  // namespace lossmith
