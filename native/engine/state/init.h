// First weights: a function of (seed, name, row, column), drawn by Philox as philox.h says; no row needs another.
#pragma once

#include <cstdint>
#include <string>

namespace lossmith {

enum class InitKind { Zeros, Constant, Normal, Uniform };

struct Init {
  InitKind kind = InitKind::Zeros;
  double value = 0;  // the constant, the deviation of the normal, the bound of the uniform
};

// Rows from..to of `name`, row r of `width` floats at data + (r − from)·stride.
void drawRows(const Init& init, uint64_t seed, const std::string& name, int64_t from, int64_t to, int64_t width, float* data, int64_t stride);

}  // namespace lossmith
