// What a draw of first weights is before it is rounded to float32 (init.h, philox.h): one text for the CPU and for kernels of a GPU. Logarithm, sine
// and cosine are those of the machine, a few units apart in their last place.
#pragma once

#include <cmath>

#include "engine/philox.h"
#include "engine/scalar_functions.h"
#include "engine/state/init.h"

namespace lossmith {

// Of a column whose four draws are `words`. Normal and Uniform only.
LOSSMITH_INLINE double drawOf(InitKind kind, double value, const PhiloxWords& words, int64_t column) {
  constexpr double kTwoPi = 6.283185307179586476925286766559;
  if (kind == InitKind::Uniform) return value * (2 * static_cast<double>(philoxUniform(words[column & 3])) - 1);
  const int64_t pair = column & 2;
  const double radius = std::sqrt(-2 * std::log(static_cast<double>((words[pair] >> 8) + 1) * 0x1p-24));
  const double angle = kTwoPi * static_cast<double>(philoxUniform(words[pair + 1]));
  return value * radius * (column & 1 ? std::sin(angle) : std::cos(angle));
}

// The words that columns four..four + 3 of a row share.
LOSSMITH_INLINE PhiloxWords initWords(PhiloxKey key, int64_t row, int64_t four) {
  return philox({static_cast<uint32_t>(four >> 2), 0, static_cast<uint32_t>(row), static_cast<uint32_t>(row >> 32)}, key);
}

inline PhiloxKey initKey(uint64_t seed, const std::string& name) { return philoxKey(seed, "init/" + name); }

}  // namespace lossmith
