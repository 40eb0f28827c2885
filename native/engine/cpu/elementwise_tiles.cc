// See elementwise_tiles.h. One loop per function; the compiler makes the vectors.
// A comparison that may raise a floating point flag keeps a loop from being vectorised; nobody here reads the flags. This stands before
// the headers because a function compiled otherwise is not inlined.
#pragma GCC optimize("no-trapping-math")
#include "engine/cpu/elementwise_tiles.h"

#include "engine/cpu/isa.h"
#include "engine/function_table.h"
#include "engine/scalar_functions.h"

namespace lossmith {

// `to` may equal as or bs but never lies across them, so iterations are independent.
#define TILE(name, function, arguments)                                                                             \
  LOSSMITH_CLONES static void tile##name(float* to, const float* as, const float* bs, float value, int64_t count) { \
    [[maybe_unused]] const bool whole = isWhole(value), odd = isOdd(value);                                         \
    const int64_t steps = count / kTileStep * kTileStep;                                                            \
    _Pragma("GCC ivdep") for (int64_t i = 0; i < steps; i++) {                                                      \
      [[maybe_unused]] const float &a = as[i], &b = bs[i];                                                          \
      to[i] = function arguments;                                                                                   \
    }                                                                                                               \
  }
LOSSMITH_FUNCTIONS(TILE)
#undef TILE

TileFunction tileFunction(Function f) {
  switch (f) {
#define TILE(name, function, arguments) \
  case Function::name:                  \
    return tile##name;
    LOSSMITH_FUNCTIONS(TILE)
#undef TILE
  }
  return tileConstant;
}

}  // namespace lossmith
