// See init.h.
#include "engine/state/init.h"

#include <algorithm>
#include <cmath>

#include "engine/philox.h"

namespace lossmith {
namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

float draw(const Init& init, const PhiloxWords& words, int64_t column) {
  if (init.kind == InitKind::Uniform) return static_cast<float>(init.value * (2 * static_cast<double>(philoxUniform(words[column & 3])) - 1));
  const int64_t pair = column & 2;
  const double radius = std::sqrt(-2 * std::log(static_cast<double>((words[pair] >> 8) + 1) * 0x1p-24));
  const double angle = kTwoPi * static_cast<double>(philoxUniform(words[pair + 1]));
  return static_cast<float>(init.value * radius * (column & 1 ? std::sin(angle) : std::cos(angle)));
}

}  // namespace

void drawRows(const Init& init, uint64_t seed, const std::string& name, int64_t from, int64_t to, int64_t width, float* data, int64_t stride) {
  const PhiloxKey key = philoxKey(seed, "init/" + name);
  const float constant = init.kind == InitKind::Constant ? static_cast<float>(init.value) : 0.0f;
  const bool random = init.kind == InitKind::Normal || init.kind == InitKind::Uniform;
  for (int64_t row = from; row < to; row++, data += stride) {
    if (!random) {
      std::fill_n(data, width, constant);
      continue;
    }
    for (int64_t four = 0; four < width; four += 4) {
      const PhiloxWords words = philox({static_cast<uint32_t>(four >> 2), 0, static_cast<uint32_t>(row), static_cast<uint32_t>(row >> 32)}, key);
      for (int64_t column = four; column < std::min(four + 4, width); column++) data[column] = draw(init, words, column);
    }
  }
}

}  // namespace lossmith
