// The draws of a step by philox.h: one word for each unit of each example, a function of (seed, purpose, step, lane, example, unit) only.
// A row's counters are worked on together, one per vector lane; the words are those of philox().
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "engine/executor.h"
#include "engine/philox.h"

namespace lossmith {

constexpr int64_t kCounters = 128;      // at a time
constexpr int64_t kCounterVector = 16;  // counters that are worked on together

// What all counters of one draw have in common.
struct StepDraws {
  PhiloxKey key;
  uint32_t step_low, lane_and_step_high;

  StepDraws(const RunContext& context, const std::string& purpose)
      : key(philoxKey(context.seed, purpose)),
        step_low(static_cast<uint32_t>(context.step)),
        lane_and_step_high(static_cast<uint32_t>(context.lane) | static_cast<uint32_t>((static_cast<uint64_t>(context.step) >> 32) << 16)) {}
};

struct Words {
  alignas(64) uint32_t word[4][kCounters];
};

// word[w][i]: word w of counter (first + i, example, step, lane and step), for i below vectors · kCounterVector.
void philoxWords(const StepDraws& draws, uint32_t example, uint32_t first, int64_t vectors, Words& words);

// out[B, width]: `numbers(words, counters, units)` makes unit 4 i + w of word[w][i] for i below `counters`.
template <class Numbers>
void drawUnits(const RunContext& context, const std::string& purpose, int64_t width, float* out, Numbers numbers) {
  const StepDraws draws(context, purpose);
  Words words;
  alignas(64) float units[4 * kCounters];
  for (int64_t example = 0; example < context.batch; example++, out += width) {
    for (int64_t first = 0; first < width; first += 4 * kCounters) {
      const int64_t count = std::min(4 * kCounters, width - first);
      const int64_t vectors = (count + 4 * kCounterVector - 1) / (4 * kCounterVector);
      philoxWords(draws, static_cast<uint32_t>(example), static_cast<uint32_t>(first / 4), vectors, words);
      numbers(words, vectors * kCounterVector, units);
      std::copy(units, units + count, out + first);
    }
  }
}

}  // namespace lossmith
