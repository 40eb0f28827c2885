// out[B, width]: 0 with probability rate, else 1/(1−rate), by philox.h: a unit's word depends on (seed, purpose, step, lane, example, unit)
// only. A row's counters are worked on together, one per vector lane; the words are those of philox().
#include <algorithm>
#include <cmath>

#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"
#include "engine/philox.h"

namespace lossmith {
namespace {

constexpr int64_t kCounters = 128;  // at a time
constexpr int64_t kVector = 16;

struct Mask {
  PhiloxKey key;
  uint32_t step_low, lane_and_step_high, threshold;
  float kept;
};

struct Words {
  alignas(64) uint32_t word[4][kCounters];
};

// One round on one counter, with the key of round `round`. Same arithmetic as philox().
[[gnu::always_inline]] inline void philoxRound(uint32_t& c0, uint32_t& c1, uint32_t& c2, uint32_t& c3, PhiloxKey key, uint32_t round) {
  const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
  c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ (key.low + round * 0x9E3779B9u);
  c1 = static_cast<uint32_t>(p1);
  c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ (key.high + round * 0xBB67AE85u);
  c3 = static_cast<uint32_t>(p0);
}

// word[w][i]: word w of counter (first + i, example, step, lane and step). Rounds are written out so that the loop over counters vectorises.
LOSSMITH_CLONES void philoxWords(const Mask& mask, uint32_t example, uint32_t first, int64_t vectors, Words& words) {
  const Mask m = mask;
  for (int64_t i = 0; i < vectors * kVector; i++) {
    uint32_t c0 = first + static_cast<uint32_t>(i), c1 = example, c2 = m.step_low, c3 = m.lane_and_step_high;
    philoxRound(c0, c1, c2, c3, m.key, 0);
    philoxRound(c0, c1, c2, c3, m.key, 1);
    philoxRound(c0, c1, c2, c3, m.key, 2);
    philoxRound(c0, c1, c2, c3, m.key, 3);
    philoxRound(c0, c1, c2, c3, m.key, 4);
    philoxRound(c0, c1, c2, c3, m.key, 5);
    philoxRound(c0, c1, c2, c3, m.key, 6);
    philoxRound(c0, c1, c2, c3, m.key, 7);
    philoxRound(c0, c1, c2, c3, m.key, 8);
    philoxRound(c0, c1, c2, c3, m.key, 9);
    words.word[0][i] = c0;
    words.word[1][i] = c1;
    words.word[2][i] = c2;
    words.word[3][i] = c3;
  }
}

LOSSMITH_CLONES void maskUnits(const Mask& mask, const Words& words, int64_t vectors, float* out) {
  const uint32_t threshold = mask.threshold;
  const float kept = mask.kept;
  for (int64_t i = 0; i < vectors * kVector; i++) {
    for (int w = 0; w < 4; w++) out[4 * i + w] = (words.word[w][i] >> 8) < threshold ? 0.0f : kept;
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
    Words words;
    alignas(64) float units[4 * kCounters];
    for (int64_t example = 0; example < context.batch; example++, out += op_.width) {
      for (int64_t first = 0; first < op_.width; first += 4 * kCounters) {
        const int64_t count = std::min(4 * kCounters, op_.width - first);
        const int64_t vectors = (count + 4 * kVector - 1) / (4 * kVector);
        philoxWords(mask, static_cast<uint32_t>(example), static_cast<uint32_t>(first / 4), vectors, words);
        maskUnits(mask, words, vectors, units);
        std::copy(units, units + count, out + first);
      }
    }
  }

 private:
  const DropoutMask op_;
};

}  // namespace

std::unique_ptr<Kernel> makeDropoutMask(const DropoutMask& instruction) { return std::make_unique<DropoutMaskKernel>(instruction); }

}  // namespace lossmith
