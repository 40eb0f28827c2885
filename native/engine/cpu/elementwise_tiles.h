// Scalar functions over one tile: to[i] = f(a[i], b[i]; value) for i below count, a multiple of kTileStep. `to` may be a or b.
#pragma once

#include <cstdint>

#include "engine/program.h"

namespace lossmith {

constexpr int64_t kTileStep = 16;

using TileFunction = void (*)(float* to, const float* a, const float* b, float value, int64_t count);
TileFunction tileFunction(Function f);

}  // namespace lossmith
