// See matrix_vector.h.
// A comparison that may raise a floating point flag keeps a loop from being vectorised; nobody here reads the flags.
#pragma GCC optimize("no-trapping-math")
#include "engine/cpu/matrix_vector.h"

#include <algorithm>

#include "engine/cpu/float_lanes.h"
#include "engine/cpu/isa.h"

namespace lossmith {

// Each row's dot product in 32 interleaved parts.
LOSSMITH_CLONES static void dotRows(const float* a, const float* x, int64_t m, int64_t k, float* y) {
  for (int64_t row = 0; row < m; row++, a += k) {
    Lanes first = {}, second = {}, p, q;
    int64_t i = 0;
    for (; i + 2 * kLanes <= k; i += 2 * kLanes) {
      load(p, a + i);
      load(q, x + i);
      first += p * q;
      load(p, a + i + kLanes);
      load(q, x + i + kLanes);
      second += p * q;
    }
    for (int64_t lane = 0; i + lane < k; lane++) (lane < kLanes ? first[lane] : second[lane - kLanes]) += a[i + lane] * x[i + lane];
    y[row] = sumOfLanes(first + second);
  }
}

// Columns side by side, each in the order of k.
LOSSMITH_CLONES static void sumScaledRows(const float* a, const float* x, int64_t m, int64_t k, float* y) {
  int64_t column = 0;
  for (; column + 4 * kLanes <= m; column += 4 * kLanes) {
    Lanes s0 = {}, s1 = {}, s2 = {}, s3 = {}, p;
    const float* row = a + column;
    for (int64_t i = 0; i < k; i++, row += m) {
      load(p, row);
      s0 += p * x[i];
      load(p, row + kLanes);
      s1 += p * x[i];
      load(p, row + 2 * kLanes);
      s2 += p * x[i];
      load(p, row + 3 * kLanes);
      s3 += p * x[i];
    }
    store(y + column, s0);
    store(y + column + kLanes, s1);
    store(y + column + 2 * kLanes, s2);
    store(y + column + 3 * kLanes, s3);
  }
  for (; column + kLanes <= m; column += kLanes) {
    Lanes sum = {}, p;
    for (int64_t i = 0; i < k; i++) {
      load(p, a + i * m + column);
      sum += p * x[i];
    }
    store(y + column, sum);
  }
  if (column == m) return;
  std::fill(y + column, y + m, 0.0f);
  for (int64_t i = 0; i < k; i++) {
    for (int64_t j = column; j < m; j++) y[j] += a[i * m + j] * x[i];
  }
}

void matrixVector(const float* a, bool transposed, const float* x, int64_t m, int64_t k, float* y) {
  (transposed ? sumScaledRows : dotRows)(a, x, m, k, y);
}

LOSSMITH_CLONES void outerProduct(const float* x, const float* y, int64_t m, int64_t n, float* out) {
  for (int64_t i = 0; i < m; i++, out += n) {
    for (int64_t j = 0; j < n; j++) out[j] = x[i] * y[j];
  }
}

LOSSMITH_CLONES void addBiasAndRelu(float* out, const float* bias, bool relu, int64_t m, int64_t n) {
  for (int64_t i = 0; i < m; i++, out += n) {
    if (bias != nullptr) {
      for (int64_t j = 0; j < n; j++) out[j] += bias[j];
    }
    if (relu) {
      for (int64_t j = 0; j < n; j++) out[j] = out[j] <= 0.0f ? 0.0f : out[j];
    }
  }
}

}  // namespace lossmith
