// Work for some threads of a warp: forEachPart<kSize>(stream, n, body), body(i, part) by kSize threads of one warp (1, 2, 4, .. 32) as body(i, team)
// of launch.cuh, but cheaper where a piece of work is small. The threads of a part must all reach every sum. An emulated part is one thread.
#pragma once

#include "engine/cuda/launch.cuh"

namespace lossmith {

template <int kSize>
class Part {
 public:
  __host__ __device__ int rank() const {
#ifdef __CUDA_ARCH__
    return static_cast<int>(threadIdx.x) % kSize;
#else
    return 0;
#endif
  }
  __host__ __device__ int size() const {
#ifdef __CUDA_ARCH__
    return kSize;
#else
    return 1;
#endif
  }
  // x of all threads, by a fixed tree, known to all. join(a, b) = join(b, a).
  template <class T, class Join>
  __host__ __device__ T reduce(T x, [[maybe_unused]] Join join) const {
#ifdef __CUDA_ARCH__
    const unsigned all = kSize == 32 ? 0xffffffffu : ((1u << kSize) - 1) << (threadIdx.x % 32 / kSize * kSize);
    for (int step = kSize / 2; step > 0; step /= 2) x = join(x, __shfl_xor_sync(all, x, step));
#endif
    return x;
  }
};

template <int kSize, class Body>
__global__ void forEachPartKernel(int64_t n, Body body) {
  const Part<kSize> part;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x / kSize;
  for (int64_t i = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kSize; i < n; i += stride) body(i, part);
}

template <int kSize, class Body>
void forEachPart(Stream& stream, int64_t n, const Body& body) {
  static_assert(kSize > 0 && kSize <= 32 && (kSize & (kSize - 1)) == 0);
  if (n <= 0) return;
  if (stream.device().emulated()) {
    stream.emulate([n, body]() mutable {
      const Part<kSize> part;
      for (int64_t i = 0; i < n; i++) body(i, part);
    });
    return;
  }
  constexpr int kThreads = 256, kParts = kThreads / kSize;
  forEachPartKernel<kSize><<<gridFor(stream, (n + kParts - 1) / kParts, 16), kThreads, 0, cudaStreamOf(stream)>>>(n, body);
  checkCuda(cudaGetLastError(), "kernel launch");
}

}  // namespace lossmith
