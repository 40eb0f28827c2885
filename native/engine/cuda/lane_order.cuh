// The lane tree's order (lanes/lane_tree.h) for one thread that has the leaves one by one: two neighbours part at the highest bit in which their
// lanes differ, and what parts at a lower bit is added first. So no tree is built and at most one open sum per level is kept.
#pragma once

#include <cstdint>

#include "engine/cuda/floats.cuh"

namespace lossmith {

constexpr int kLaneLevels = 13;  // 4096 lanes and their root

// Of two lanes or subtrees: larger where they part nearer to the root.
__host__ __device__ inline int parting(int lane, int next) {
  const unsigned different = static_cast<unsigned>(lane ^ next);
#ifdef __CUDA_ARCH__
  return 31 - __clz(static_cast<int>(different));
#else
  return 31 - __builtin_clz(different);
#endif
}

// The tree's sum of `count` ≥ 1 leaves: valueAt(k) of leaf k, partingAt(k) of leaves k − 1 and k.
template <int V, class PartingAt, class ValueAt>
__host__ __device__ Floats<V> addInLaneOrder(int64_t count, PartingAt partingAt, ValueAt valueAt) {
  Floats<V> sum = valueAt(0);
  Floats<V> open[kLaneLevels];
  int at[kLaneLevels];
  int depth = 0;
  for (int64_t k = 1; k < count; k++) {
    const int apart = partingAt(k);
    for (; depth > 0 && at[depth - 1] < apart; depth--) sum = open[depth - 1] + sum;
    open[depth] = sum;
    at[depth++] = apart;
    sum = valueAt(k);
  }
  for (; depth > 0; depth--) sum = open[depth - 1] + sum;
  return sum;
}

}  // namespace lossmith
