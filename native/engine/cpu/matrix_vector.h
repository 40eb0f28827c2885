// Products with a vector, which a matrix kernel is slow at. Sums run in an order that depends on the shape alone.
#pragma once

#include <cstdint>

namespace lossmith {

// y[m] = A[m,k] · x[k]; A is stored [m,k], or [k,m] when `transposed`. k may be 0.
void matrixVector(const float* a, bool transposed, const float* x, int64_t m, int64_t k, float* y);
// out[m,n] = x[m] ⊗ y[n].
void outerProduct(const float* x, const float* y, int64_t m, int64_t n, float* out);
// rows of out[m,n]: + bias[n] unless null, then max(0, ·) when `relu`; NaN stays NaN.
void addBiasAndRelu(float* out, const float* bias, bool relu, int64_t m, int64_t n);

}  // namespace lossmith
