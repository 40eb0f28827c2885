// Division of places by a size that is known before the launch: below 2^31 by a multiplication (Granlund and Montgomery, PLDI'94), as a GPU
// takes some hundred instructions to divide 64-bit numbers.
#pragma once

#include <cstdint>

namespace lossmith {

struct Divided {
  int64_t quotient, rest;
};

class FastDivision {
 public:
  FastDivision() = default;
  // Of numbers from 0 to `most`.
  FastDivision(int64_t divisor, int64_t most) : divisor_(divisor), fast_(most < (int64_t{1} << 31) && divisor > 0 && divisor < (int64_t{1} << 31)) {
    if (!fast_) return;
    while ((int64_t{1} << shift_) < divisor) shift_++;
    factor_ = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift_) - divisor)) / divisor + 1);
  }

  __host__ __device__ Divided operator()(int64_t x) const {
    if (!fast_) return {x / divisor_, x % divisor_};
    const auto small = static_cast<uint32_t>(x);
    const uint32_t high = static_cast<uint32_t>((static_cast<uint64_t>(small) * factor_) >> 32);
    const auto quotient = static_cast<uint32_t>((static_cast<uint64_t>(high) + small) >> shift_);
    return {quotient, static_cast<int64_t>(small - quotient * static_cast<uint32_t>(divisor_))};
  }

 private:
  int64_t divisor_ = 1;
  uint32_t factor_ = 0;
  int shift_ = 0;
  bool fast_ = false;
};

}  // namespace lossmith
