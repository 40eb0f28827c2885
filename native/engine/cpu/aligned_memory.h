// Memory for vectors: aligned to a cache line, never smaller than asked, in huge pages where it is large. Grows, never shrinks.
#pragma once

#include <cstddef>
#include <memory>

namespace lossmith {

class AlignedMemory {
 public:
  AlignedMemory() = default;
  explicit AlignedMemory(size_t bytes) { reserve(bytes); }

  // At least `bytes` bytes; what was there is lost when the memory grows. Throws Error(Broken, "out-of-memory").
  std::byte* reserve(size_t bytes);
  std::byte* data() const { return memory_.get(); }
  float* floats() const { return reinterpret_cast<float*>(memory_.get()); }
  size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
  size_t capacity_ = 0;
};

}  // namespace lossmith
