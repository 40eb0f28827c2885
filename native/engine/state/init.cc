// See init.h.
#include "engine/state/init.h"

#include <algorithm>

#include "engine/state/init_arithmetic.h"

namespace lossmith {
void drawRows(const Init& init, uint64_t seed, const std::string& name, int64_t from, int64_t to, int64_t width, float* data, int64_t stride) {
  const PhiloxKey key = initKey(seed, name);
  const float constant = init.kind == InitKind::Constant ? static_cast<float>(init.value) : 0.0f;
  const bool random = init.kind == InitKind::Normal || init.kind == InitKind::Uniform;
  for (int64_t row = from; row < to; row++, data += stride) {
    if (!random) {
      std::fill_n(data, width, constant);
      continue;
    }
    for (int64_t four = 0; four < width; four += 4) {
      const PhiloxWords words = initWords(key, row, four);
      for (int64_t column = four; column < std::min(four + 4, width); column++) {
        data[column] = static_cast<float>(drawOf(init.kind, init.value, words, column));
      }
    }
  }
}

}  // namespace lossmith
