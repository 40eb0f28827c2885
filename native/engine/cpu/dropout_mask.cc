// out[B, width]: 0 with probability rate, else 1/(1−rate), by philox.h: a unit's word depends on (seed, purpose, step, lane, example, unit)
// only. Counters are worked on sixteen at a time, one per vector lane; the words are those of philox().
#include <algorithm>
#include <cmath>

#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"
#include "engine/philox.h"

namespace lossmith {
namespace {

constexpr int kCounters = 16;
constexpr int kUnits = 4 * kCounters;

// words[w][i]: word w of counter (first + i, c1, c2, c3).
[[gnu::always_inline]] inline void philoxWords(uint32_t first, uint32_t c1, uint32_t c2, uint32_t c3, PhiloxKey key, uint32_t words[4][kCounters]) {
  for (int i = 0; i < kCounters; i++) {
    words[0][i] = first + i;
    words[1][i] = c1;
    words[2][i] = c2;
    words[3][i] = c3;
  }
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < kCounters; i++) {
      const uint64_t p0 = uint64_t{0xD2511F53} * words[0][i], p1 = uint64_t{0xCD9E8D57} * words[2][i];
      words[0][i] = static_cast<uint32_t>(p1 >> 32) ^ words[1][i] ^ key.low;
      words[1][i] = static_cast<uint32_t>(p1);
      words[2][i] = static_cast<uint32_t>(p0 >> 32) ^ words[3][i] ^ key.high;
      words[3][i] = static_cast<uint32_t>(p0);
    }
    key.low += 0x9E3779B9u;
    key.high += 0xBB67AE85u;
  }
}

struct Mask {
  PhiloxKey key;
  uint32_t step_low, lane_and_step_high, threshold;
  float kept;
};

// Units first .. first + 63 of one example, first a multiple of 4.
LOSSMITH_CLONES void maskUnits(const Mask& mask, uint32_t example, int64_t first, float* out) {
  alignas(64) uint32_t words[4][kCounters];
  philoxWords(static_cast<uint32_t>(first / 4), example, mask.step_low, mask.lane_and_step_high, mask.key, words);
  for (int i = 0; i < kCounters; i++) {
    for (int w = 0; w < 4; w++) out[4 * i + w] = (words[w][i] >> 8) < mask.threshold ? 0.0f : mask.kept;
  }
}

class DropoutMaskKernel : public Kernel {
 public:
  explicit DropoutMaskKernel(const DropoutMask& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    const RunContext& context = *frame.context;
    const auto step = static_cast<uint64_t>(context.step);
    // A word drops its unit when (word >> 8)·2⁻²⁴ < rate, which is (word >> 8) < ⌈rate·2²⁴⌉ in whole numbers.
    const Mask mask{philoxKey(context.seed, op_.purpose), static_cast<uint32_t>(step),
                    static_cast<uint32_t>(context.lane) | static_cast<uint32_t>((step >> 32) << 16),
                    static_cast<uint32_t>(std::ceil(op_.rate * 0x1p24)), static_cast<float>(1.0 / (1.0 - op_.rate))};
    float* out = frame.floats(op_.out);
    alignas(64) float tail[kUnits];
    for (int64_t example = 0; example < context.batch; example++, out += op_.width) {
      int64_t unit = 0;
      for (; unit + kUnits <= op_.width; unit += kUnits) maskUnits(mask, static_cast<uint32_t>(example), unit, out + unit);
      if (unit == op_.width) continue;
      maskUnits(mask, static_cast<uint32_t>(example), unit, tail);
      std::copy(tail, tail + (op_.width - unit), out + unit);
    }
  }

 private:
  const DropoutMask op_;
};

}  // namespace

std::unique_ptr<Kernel> makeDropoutMask(const DropoutMask& instruction) { return std::make_unique<DropoutMaskKernel>(instruction); }

}  // namespace lossmith
