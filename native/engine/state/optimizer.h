// Optimizers, on dense parameters and on rows of tables. g is the reduced gradient divided by the global count N; t counts from 1.
//   all      g ← g + weightDecay·w                                    (on tables: touched rows only, after the reduction)
//   sgd      w ← w − rate·g                                           torch.optim.SGD
//   adagrad  v ← v + g²; w ← w − rate·g / (√v + ε)                    torch.optim.Adagrad; v starts at `initial`
//   adam     m ← m + (g − m)(1 − β₁); b₁ = 1 − β₁ᵗ, b₂ = 1 − β₂ᵗ
//     dense  v ← v·β₂ + g²(1 − β₂); w ← w − rate/b₁ · m / (√v/√b₂ + ε)        torch.optim.Adam (Kingma & Ba 2015)
//     table  v ← v + (g² − v)(1 − β₂); w ← w − rate·√b₂/b₁ · m / (√v + ε)     torch.optim.SparseAdam: rows not touched do not decay
// The derivative of these steps in g: state/lookahead.h. Scalars are computed in float64 and rounded once. Every element is computed alone, so no
// result depends on threads or vector width.
#pragma once

#include <cstdint>

namespace lossmith {

enum class OptimizerKind { Sgd, Adagrad, Adam };

struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::Sgd;
  double rate = 0, beta1 = 0, beta2 = 0, epsilon = 0, initial = 0, weight_decay = 0;

  bool hasM() const { return kind == OptimizerKind::Adam; }
  bool hasV() const { return kind != OptimizerKind::Sgd; }
  int states() const { return 1 + hasM() + hasV(); }  // floats kept per weight
};

// One step's scalars: step t over `count` examples.
struct OptimizerStep {
  OptimizerStep(const OptimizerSpec& spec, int64_t step, int64_t count);

  OptimizerKind kind;
  float scale;                // 1 / N
  float weight_decay, rate;   // rate of sgd and adagrad
  float beta2, rest1, rest2;  // β₂, 1 − β₁, 1 − β₂
  float dense_rate, root2;    // rate / b₁, √b₂
  float table_rate;           // rate·√b₂ / b₁
  float epsilon;
};

// n elements of dense state. m and v are null where the optimizer has none.
void updateDense(const OptimizerStep& step, int64_t n, const float* gradient, float* weight, float* m, float* v);

// Rows `rows[0..count)` (no row twice) of a table whose row r lies at base + r·stride as weight, m, v of `width` floats each, as the optimizer
// has them. gradients is [count, width].
void updateRows(const OptimizerStep& step, float* base, int64_t stride, int64_t width, const int64_t* rows, const float* gradients, int64_t count);

}  // namespace lossmith
