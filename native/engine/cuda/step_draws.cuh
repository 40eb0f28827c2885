// The draws of a step on a device, the words of cpu/step_draws.h: out[B, width] of `number(word)`, a thread for the four units of a counter.
#pragma once

#include <algorithm>
#include <string>

#include "engine/cuda/device_kernel.h"
#include "engine/cuda/fast_division.cuh"
#include "engine/cuda/launch.cuh"
#include "engine/philox.h"

namespace lossmith {

template <class Number>
struct DrawUnits {
  const StepScalars* scalars;  // of the lane that runs: read when it runs, since a graph is replayed for other steps
  PhiloxKey key;
  int64_t width;
  FastDivision counters;  // of an example
  Number number;
  float* out;
  __host__ __device__ void operator()(int64_t i) const {
    const auto [example, counter] = counters(i);
    const auto step = static_cast<uint64_t>(scalars->step);
    const uint32_t lane = static_cast<uint32_t>(scalars->lane) | static_cast<uint32_t>((step >> 32) << 16);
    const PhiloxWords words = philox({static_cast<uint32_t>(counter), static_cast<uint32_t>(example), static_cast<uint32_t>(step), lane}, key);
    float* units = out + example * width + 4 * counter;
    if (width % 4 == 0) {
      *reinterpret_cast<float4*>(units) = make_float4(number(words[0]), number(words[1]), number(words[2]), number(words[3]));
      return;
    }
    const int64_t left = width - 4 * counter;
    for (int64_t u = 0; u < 4 && u < left; u++) units[u] = number(words[u]);
  }
};

// `out` at a multiple of 16 bytes.
template <class Number>
void drawUnits(const DeviceFrame& frame, const std::string& purpose, int64_t width, const Number& number, float* out) {
  const int64_t counters = (width + 3) / 4, n = frame.batch * counters;
  forEach(*frame.stream, n, DrawUnits<Number>{frame.scalars, philoxKey(frame.seed, purpose), width, FastDivision(counters, n), number, out});
}

}  // namespace lossmith
