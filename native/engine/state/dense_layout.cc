// See dense_layout.h.
#include "engine/state/dense_layout.h"

#include "engine/errors.h"

namespace lossmith {

constexpr int64_t kMaxElements = int64_t{1} << 48;

DenseLayout::DenseLayout(const std::vector<ParameterSpec>& specs) : specs_(specs) {
  for (const ParameterSpec& spec : specs) {
    int64_t elements = 1;
    for (int64_t dimension : spec.shape) {
      if (__builtin_mul_overflow(elements, dimension, &elements) || elements > kMaxElements) {
        throw configError("parameter-too-large", "[parameter " + spec.name + "] wanted at most 2^48 elements, got more");
      }
    }
    offsets_.push_back(size_);
    elements_.push_back(elements);
    size_ += (elements + kLineFloats - 1) / kLineFloats * kLineFloats;
  }
}

}  // namespace lossmith
