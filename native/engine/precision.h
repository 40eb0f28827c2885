// In what numbers a GPU multiplies matrices. Weights, gradients, sums and everything else are float32 in all of them; CPUs know float32 only.
#pragma once

namespace lossmith {

enum class Precision {
  Float32,
  Tf32,  // inputs rounded to 10 bits of mantissa by the tensor cores
  Bf16,  // inputs rounded to 7 bits
};

}  // namespace lossmith
