// out[B, width]: 0 with probability rate, else 1/(1−rate), drawn by step_draws.h.
#include <cmath>

#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"
#include "engine/cpu/step_draws.h"

namespace lossmith {
namespace {

LOSSMITH_CLONES void maskUnits(const Words& words, int64_t counters, uint32_t threshold, float kept, float* out) {
  for (int64_t i = 0; i < counters; i++) {
    for (int w = 0; w < 4; w++) out[4 * i + w] = (words.word[w][i] >> 8) < threshold ? 0.0f : kept;
  }
}

class DropoutMaskKernel : public Kernel {
 public:
  explicit DropoutMaskKernel(const DropoutMask& instruction) : op_(instruction) {}

  void run(Frame& frame) override {
    // A word drops its unit when (word >> 8)·2⁻²⁴ < rate, which is (word >> 8) < ⌈rate·2²⁴⌉ in whole numbers.
    const auto threshold = static_cast<uint32_t>(std::ceil(op_.rate * 0x1p24));
    const auto kept = static_cast<float>(1.0 / (1.0 - op_.rate));
    drawUnits(*frame.context, op_.purpose, op_.width, frame.floats(op_.out),
              [&](const Words& words, int64_t counters, float* units) { maskUnits(words, counters, threshold, kept, units); });
  }

 private:
  const DropoutMask op_;
};

}  // namespace

std::unique_ptr<Kernel> makeDropoutMask(const DropoutMask& instruction) { return std::make_unique<DropoutMaskKernel>(instruction); }

}  // namespace lossmith
