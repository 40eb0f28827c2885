// The parts of products.h that run on kernels of our own. Results go through an Epilogue, in one fixed order of additions per shape.
#pragma once

#include <cstdint>

#include "engine/cuda/device.h"
#include "engine/cuda/products.h"

namespace lossmith {

struct Epilogue;

// Where element i of a vector of results is: (i, 0), or (0, i).
enum class Along { Column, Row };

// Result i = a[i, ·] · x, a is [rows, k].
void dotRows(Stream& stream, const float* a, const float* x, int64_t rows, int64_t k, Along along, const Epilogue& epilogue);

// Result j = Σ over rows of a[r, j] · weights[r], or of a[r, j] where weights is null. `scratch` is used where it helps.
void sumColumns(Stream& stream, const Matrix& a, const float* weights, int64_t rows, int64_t columns, Along along, const Epilogue& epilogue,
                const DeviceMemory& scratch);

// Result (i, j) = x[i] · y[j].
void multiplyOuter(Stream& stream, const float* x, const float* y, int64_t m, int64_t n, const Epilogue& epilogue);

// Result (i, j) = what stands in the epilogue's out, which is float32 or bf16; 0 where `zero`.
void passThrough(Stream& stream, int64_t m, int64_t n, bool zero, const Epilogue& epilogue);

// Of an emulated device: the product in loops, operands rounded as tensor cores would.
void multiplyInLoops(Stream& stream, const Product& product, bool tf32, const Epilogue& epilogue);

// out[rows, columns] in bf16, rows at halfStride(columns).
void roundToHalf(Stream& stream, const float* x, void* out, int64_t rows, int64_t columns);

}  // namespace lossmith
