// See elementwise_tiles.h. One loop per function; the compiler makes the vectors.
// A comparison that may raise a floating point flag keeps a loop from being vectorised; nobody here reads the flags. This stands before
// the headers because a function compiled otherwise is not inlined.
#pragma GCC optimize("no-trapping-math")
#include "engine/cpu/elementwise_tiles.h"

#include <cmath>

#include "engine/cpu/isa.h"
#include "engine/cpu/scalar_functions.h"

namespace lossmith {

// `to` may equal a or b but never lies across them, so iterations are independent.
#define TILE(name, expression)                                                                                                   \
  LOSSMITH_CLONES static void name([[maybe_unused]] float* to, [[maybe_unused]] const float* a, [[maybe_unused]] const float* b, \
                                   [[maybe_unused]] float value, int64_t count) {                                                \
    const int64_t whole = count / kTileStep * kTileStep;                                                                         \
    _Pragma("GCC ivdep") for (int64_t i = 0; i < whole; i++) to[i] = (expression);                                               \
  }

TILE(addTile, a[i] + b[i])
TILE(subTile, a[i] - b[i])
TILE(mulTile, a[i] * b[i])
TILE(divTile, a[i] / b[i])
TILE(maxTile, a[i] > b[i] || a[i] != a[i] ? a[i] : b[i])
TILE(minTile, a[i] < b[i] || a[i] != a[i] ? a[i] : b[i])
TILE(addConstantTile, a[i] + value)
TILE(mulConstantTile, a[i] * value)
TILE(maxConstantTile, a[i] < value ? value : a[i])
TILE(minConstantTile, a[i] > value ? value : a[i])
TILE(constantTile, value)
TILE(negTile, -a[i])
TILE(expTile, expOf(a[i]))
TILE(logTile, logOf(a[i]))
TILE(log1pTile, log1pOf(a[i]))
TILE(sqrtTile, std::sqrt(a[i]))
TILE(reciprocalTile, 1.0f / a[i])
TILE(squareTile, a[i] * a[i])
TILE(absTile, std::fabs(a[i]))
TILE(signTile, a[i] > 0.0f ? 1.0f : (a[i] < 0.0f ? -1.0f : a[i]))
TILE(sigmoidTile, sigmoidOf(a[i]))
TILE(tanhTile, tanhOf(a[i]))
TILE(softplusTile, softplusOf(a[i]))
TILE(reluTile, a[i] <= 0.0f ? 0.0f : a[i])
TILE(stepTile, a[i] > 0.0f ? 1.0f : 0.0f)
TILE(greaterTile, a[i] > b[i] ? 1.0f : 0.0f)
#undef TILE

LOSSMITH_CLONES static void powTile(float* to, const float* a, float value, bool whole, bool odd, int64_t count) {
  const int64_t steps = count / kTileStep * kTileStep;
  _Pragma("GCC ivdep") for (int64_t i = 0; i < steps; i++) to[i] = powOf(a[i], value, whole, odd);
}

static void powConstantTile(float* to, const float* a, const float*, float value, int64_t count) {
  if (value == 0.0f) {  // also NaN to the 0th is 1
    constantTile(to, a, nullptr, 1.0f, count);
    return;
  }
  powTile(to, a, value, std::trunc(value) == value, std::fabs(std::fmod(value, 2.0f)) == 1.0f, count);
}

TileFunction tileFunction(Function f) {
  switch (f) {
    case Function::Add:
      return addTile;
    case Function::Sub:
      return subTile;
    case Function::Mul:
      return mulTile;
    case Function::Div:
      return divTile;
    case Function::Max:
      return maxTile;
    case Function::Min:
      return minTile;
    case Function::AddConstant:
      return addConstantTile;
    case Function::MulConstant:
      return mulConstantTile;
    case Function::MaxConstant:
      return maxConstantTile;
    case Function::MinConstant:
      return minConstantTile;
    case Function::Constant:
      return constantTile;
    case Function::Neg:
      return negTile;
    case Function::Exp:
      return expTile;
    case Function::Log:
      return logTile;
    case Function::Log1p:
      return log1pTile;
    case Function::Sqrt:
      return sqrtTile;
    case Function::Reciprocal:
      return reciprocalTile;
    case Function::Square:
      return squareTile;
    case Function::Abs:
      return absTile;
    case Function::Sign:
      return signTile;
    case Function::Sigmoid:
      return sigmoidTile;
    case Function::Tanh:
      return tanhTile;
    case Function::Softplus:
      return softplusTile;
    case Function::Relu:
      return reluTile;
    case Function::Step:
      return stepTile;
    case Function::Greater:
      return greaterTile;
    case Function::PowConstant:
      return powConstantTile;
  }
  return constantTile;
}

}  // namespace lossmith
