// out[B, width] in (0, 1): (w + ½)·2⁻²³ of a word's upper 23 bits w, drawn by step_draws.h. Every product and sum here is exact.
#include "engine/cpu/isa.h"
#include "engine/cpu/kernel.h"
#include "engine/cpu/step_draws.h"

namespace lossmith {
namespace {

LOSSMITH_CLONES void uniformUnits(const Words& words, int64_t counters, float* out) {
  for (int64_t i = 0; i < counters; i++) {
    for (int w = 0; w < 4; w++) out[4 * i + w] = static_cast<float>(static_cast<int32_t>(words.word[w][i] >> 9)) * 0x1p-23f + 0x1p-24f;
  }
}

class UniformKernel : public Kernel {
 public:
  explicit UniformKernel(const Uniform& instruction) : op_(instruction) {}

  void run(Frame& frame) override { drawUnits(*frame.context, op_.purpose, op_.width, frame.floats(op_.out), uniformUnits); }

 private:
  const Uniform op_;
};

}  // namespace

std::unique_ptr<Kernel> makeUniform(const Uniform& instruction) { return std::make_unique<UniformKernel>(instruction); }

}  // namespace lossmith
