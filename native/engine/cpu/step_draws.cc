// See step_draws.h. Rounds are written out so that the loop over counters vectorises.
#include "engine/cpu/step_draws.h"

#include "engine/cpu/isa.h"

namespace lossmith {
namespace {

// One round on one counter, with the key of round `round`. Same arithmetic as philox().
[[gnu::always_inline]] inline void philoxRound(uint32_t& c0, uint32_t& c1, uint32_t& c2, uint32_t& c3, PhiloxKey key, uint32_t round) {
  const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
  c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ (key.low + round * 0x9E3779B9u);
  c1 = static_cast<uint32_t>(p1);
  c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ (key.high + round * 0xBB67AE85u);
  c3 = static_cast<uint32_t>(p0);
}

}  // namespace

LOSSMITH_CLONES void philoxWords(const StepDraws& draws, uint32_t example, uint32_t first, int64_t vectors, Words& words) {
  const StepDraws s = draws;
  for (int64_t i = 0; i < vectors * kCounterVector; i++) {
    uint32_t c0 = first + static_cast<uint32_t>(i), c1 = example, c2 = s.step_low, c3 = s.lane_and_step_high;
    philoxRound(c0, c1, c2, c3, s.key, 0);
    philoxRound(c0, c1, c2, c3, s.key, 1);
    philoxRound(c0, c1, c2, c3, s.key, 2);
    philoxRound(c0, c1, c2, c3, s.key, 3);
    philoxRound(c0, c1, c2, c3, s.key, 4);
    philoxRound(c0, c1, c2, c3, s.key, 5);
    philoxRound(c0, c1, c2, c3, s.key, 6);
    philoxRound(c0, c1, c2, c3, s.key, 7);
    philoxRound(c0, c1, c2, c3, s.key, 8);
    philoxRound(c0, c1, c2, c3, s.key, 9);
    words.word[0][i] = c0;
    words.word[1][i] = c1;
    words.word[2][i] = c2;
    words.word[3][i] = c3;
  }
}

}  // namespace lossmith
