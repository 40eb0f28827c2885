// One or four neighbouring floats as one value, so that a body is written once for widths that are multiples of four and for others.
#pragma once

#include <cstdint>
#include <type_traits>

#include "engine/cuda/launch.cuh"

namespace lossmith {

template <int V>
struct alignas(V * sizeof(float)) Floats {
  float at[V];

  __host__ __device__ static Floats load(const float* from) {
    Floats all;
#ifdef __CUDA_ARCH__
    copy(all.at, from);
#else
    for (int i = 0; i < V; i++) all.at[i] = from[i];
#endif
    return all;
  }
  __host__ __device__ void store(float* to) const {
#ifdef __CUDA_ARCH__
    copy(to, at);
#else
    for (int i = 0; i < V; i++) to[i] = at[i];
#endif
  }
  __host__ __device__ bool finite() const {
    bool all = true;
    for (int i = 0; i < V; i++) all = all && at[i] - at[i] == 0;  // ∞ − ∞ and NaN are no number
    return all;
  }

 private:
  // In one instruction.
  __device__ static void copy(float* to, const float* from) {
    using Whole = std::conditional_t<V == 4, float4, float>;
    static_assert(sizeof(Whole) == V * sizeof(float));
    *reinterpret_cast<Whole*>(to) = *reinterpret_cast<const Whole*>(from);
  }
};

template <int V>
__host__ __device__ Floats<V> operator+(const Floats<V>& a, const Floats<V>& b) {
  Floats<V> sum;
  for (int i = 0; i < V; i++) sum.at[i] = a.at[i] + b.at[i];
  return sum;
}

// The sum of valueAt(0..count), count ≥ 1, in that order. Four are asked for at once: memory answers late, and only additions wait for each other.
template <int V, class ValueAt>
__host__ __device__ Floats<V> addInOrder(int64_t count, ValueAt valueAt) {
  Floats<V> sum = valueAt(0);
  int64_t i = 1;
  for (; i + 4 <= count; i += 4) {
    const Floats<V> a = valueAt(i), b = valueAt(i + 1), c = valueAt(i + 2), d = valueAt(i + 3);
    sum = sum + a + b + c + d;
  }
  for (; i < count; i++) sum = sum + valueAt(i);
  return sum;
}

// May be read four at a time?
inline bool inFours(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; }
inline bool inFours(int64_t floats) { return floats % 4 == 0; }

// Index i over rows of `parts` pieces each as (row, piece). A division by a power of two is a shift, one of small numbers is done in 32 bits: on a
// GPU a division of 64 bits costs as much as the row.
struct RowPart {
  int64_t row, part;
};
struct RowParts {
  int64_t parts = 1;
  int shift = 0;  // -1: no power of two

  RowParts() = default;
  explicit RowParts(int64_t pieces) : parts(pieces), shift((pieces & (pieces - 1)) == 0 ? __builtin_ctzll(pieces) : -1) {}

  __host__ __device__ RowPart of(int64_t i) const {
    if (shift >= 0) return {i >> shift, i & (parts - 1)};
    if (i <= UINT32_MAX && parts <= UINT32_MAX) {
      const uint32_t row = static_cast<uint32_t>(i) / static_cast<uint32_t>(parts);
      return {row, i - row * parts};
    }
    return {i / parts, i % parts};
  }
};

// The first of ends[0..count) above i; ends ascend and the last one is.
template <class EndAt>
__host__ __device__ int firstEndAbove(int64_t i, int count, EndAt endAt) {
  int low = 0, high = count - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (endAt(middle) > i) high = middle;
    else low = middle + 1;
  }
  return low;
}

}  // namespace lossmith
