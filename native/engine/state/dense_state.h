// Dense parameters, one behind the other in one vector, each at a multiple of 16 floats (a cache line); m and v likewise, at the same
// places. Gradients use the same layout, so that sums and updates see one vector of `size` floats. Gaps stay zero.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/cpu/aligned_memory.h"
#include "engine/state/lookahead.h"
#include "engine/state/optimizer.h"
#include "engine/state/state_spec.h"

namespace lossmith {

constexpr int64_t kLineFloats = 16;

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

class DenseState {
 public:
  // Throws Error(Config, "parameter-too-large").
  DenseState(const std::vector<ParameterSpec>& specs, const OptimizerSpec& optimizer);

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  int64_t size() const { return size_; }
  int64_t offset(size_t parameter) const { return offsets_[parameter]; }
  int64_t elements(size_t parameter) const { return elements_[parameter]; }
  int64_t bytes() const { return size_ * int64_t(sizeof(float)) * optimizer_.states(); }

  void initialize(uint64_t seed);
  // Plane 0 is the weight, 1 and 2 the optimizer's states in their order (m, v).
  float* plane(int number) { return planes_[number].data(); }
  const float* weight() const { return planes_[0].data(); }
  // Elements from..to of the whole vector, whose gradient (of the sum over examples) is `gradient[0..size)`.
  void update(const OptimizerStep& step, int64_t from, int64_t to, const float* gradient);
  // `count` elements of V from `from` on; all three vectors are whole ones.
  void lookahead(const LookaheadStep& step, int64_t from, int64_t count, const float* gradient, const float* validation, float* out);

 private:
  std::vector<ParameterSpec> specs_;
  OptimizerSpec optimizer_;
  std::vector<int64_t> offsets_, elements_;
  int64_t size_ = 0;
  std::vector<AlignedFloats> planes_;
};

}  // namespace lossmith
