// Dense parameters in one vector, m and v likewise, at the same places (dense_layout.h). Gaps stay zero.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/cpu/aligned_memory.h"
#include "engine/state/dense_layout.h"
#include "engine/state/lookahead.h"
#include "engine/state/optimizer.h"

namespace lossmith {

// Floats that begin at a cache line.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(int64_t size) : memory_(std::max(size, kLineFloats) * sizeof(float)), size_(size) {}  // zeros

  float* data() { return memory_.floats(); }
  const float* data() const { return memory_.floats(); }
  int64_t size() const { return size_; }

 private:
  AlignedMemory memory_;
  int64_t size_ = 0;
};

class DenseState : public DenseLayout {
 public:
  // Throws Error(Config, "parameter-too-large").
  DenseState(const std::vector<ParameterSpec>& specs, const OptimizerSpec& optimizer);

  int64_t bytes() const { return size() * int64_t(sizeof(float)) * optimizer_.states(); }

  void initialize(uint64_t seed);
  // Plane 0 is the weight, 1 and 2 the optimizer's states in their order (m, v).
  float* plane(int number) { return planes_[number].data(); }
  const float* weight() const { return planes_[0].data(); }
  // Elements from..to of the whole vector, whose gradient (of the sum over examples) is `gradient[0..size)`.
  void update(const OptimizerStep& step, int64_t from, int64_t to, const float* gradient);
  // `count` elements of V from `from` on; all three vectors are whole ones.
  void lookahead(const LookaheadStep& step, int64_t from, int64_t count, const float* gradient, const float* validation, float* out);

 private:
  OptimizerSpec optimizer_;
  std::vector<AlignedFloats> planes_;
};

}  // namespace lossmith
