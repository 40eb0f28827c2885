// Where dense parameters lie in one vector: one behind the other, each at a multiple of 16 floats (a cache line). Weights, optimizer states and
// gradients all have this layout, so that sums and updates see one vector of `size` floats.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/state/state_spec.h"

namespace lossmith {

constexpr int64_t kLineFloats = 16;

class DenseLayout {
 public:
  // Throws Error(Config, "parameter-too-large").
  explicit DenseLayout(const std::vector<ParameterSpec>& specs);

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  int64_t size() const { return size_; }
  int64_t offset(size_t parameter) const { return offsets_[parameter]; }
  int64_t elements(size_t parameter) const { return elements_[parameter]; }

 private:
  std::vector<ParameterSpec> specs_;
  std::vector<int64_t> offsets_, elements_;
  int64_t size_ = 0;
};

}  // namespace lossmith
