// Which scalar function (scalar_functions.h) each Function of a chain is, and what it takes: of registers `a` and `b`, of the step's `value`,
// and of an exponent whether it is `whole` and `odd`. The CPU's tiles, the device's interpreter and the source of compiled chains follow from
// this list.
#pragma once

#include <cmath>

#include "engine/program.h"

#define LOSSMITH_FUNCTIONS(X)               \
  X(Add, addOf, (a, b))                     \
  X(Sub, subOf, (a, b))                     \
  X(Mul, mulOf, (a, b))                     \
  X(Div, divOf, (a, b))                     \
  X(Max, maxOf, (a, b))                     \
  X(Min, minOf, (a, b))                     \
  X(AddConstant, addOf, (a, value))         \
  X(MulConstant, mulOf, (a, value))         \
  X(MaxConstant, maxConstantOf, (a, value)) \
  X(MinConstant, minConstantOf, (a, value)) \
  X(Constant, constantOf, (value))          \
  X(Neg, negOf, (a))                        \
  X(Exp, expOf, (a))                        \
  X(Log, logOf, (a))                        \
  X(Log1p, log1pOf, (a))                    \
  X(Sqrt, sqrtOf, (a))                      \
  X(Reciprocal, reciprocalOf, (a))          \
  X(Square, squareOf, (a))                  \
  X(Abs, absOf, (a))                        \
  X(Sign, signOf, (a))                      \
  X(Sigmoid, sigmoidOf, (a))                \
  X(Tanh, tanhOf, (a))                      \
  X(Softplus, softplusOf, (a))              \
  X(Relu, reluOf, (a))                      \
  X(Step, stepOf, (a))                      \
  X(Greater, greaterOf, (a, b))             \
  X(PowConstant, powConstantOf, (a, value, whole, odd))

namespace lossmith {

inline bool isWhole(float value) { return std::trunc(value) == value; }
inline bool isOdd(float value) { return std::fabs(std::fmod(value, 2.0f)) == 1.0f; }

}  // namespace lossmith
