// How device code is written: as a body, a small struct (or __host__ __device__ lambda) whose operator() does one piece of the work. The same
// function runs on the GPU as a kernel and, on an emulated device, in a loop: so CI runs all arithmetic without a GPU. Bodies are copied, at
// a capture too: they hold pointers and sizes, nothing that owns. Sizes and indices are 64-bit.
//
//   forEach(stream, n, body)                       body(i) for i in 0..n, in any order; each writes its own place
//   forEachTeam(stream, teams, threads, body)      body(i, team): the threads of a team share piece i; team.rank() of team.size()
//
// In a team every thread must reach every sum() and sync(). An emulated team is one thread, so a body is written as loops from rank() in
// steps of size(). Both keep one fixed order: the same bits run by run on one device, not the same on a GPU and emulated.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "engine/cuda/check.h"
#include "engine/cuda/device.h"

namespace lossmith {

constexpr int kTeamMost = 1024;

class Team {
 public:
  __host__ __device__ int rank() const {
#ifdef __CUDA_ARCH__
    return static_cast<int>(threadIdx.x);
#else
    return 0;
#endif
  }
  __host__ __device__ int size() const {
#ifdef __CUDA_ARCH__
    return static_cast<int>(blockDim.x);
#else
    return 1;
#endif
  }
  __host__ __device__ void sync() const {
#ifdef __CUDA_ARCH__
    __syncthreads();
#endif
  }
  // The sum of every thread's x, known to all: a fixed tree over warps' lanes, then over warps. T: float, double, int, int64_t.
  template <class T>
  __host__ __device__ T sum(T x) const {
    return reduce(x, [](T a, T b) { return a + b; });
  }
  template <class T>
  __host__ __device__ T max(T x) const {
    return reduce(x, [](T a, T b) { return a < b || b != b ? b : a; });
  }

 private:
  template <class T, class Join>
  __host__ __device__ T reduce(T x, [[maybe_unused]] Join join) const {
#ifdef __CUDA_ARCH__
    __shared__ T parts[kTeamMost / 32];
    const int warp = rank() / 32, warps = (size() + 31) / 32;
    for (int step = 16; step > 0; step /= 2) {
      const T other = __shfl_down_sync(0xffffffffu, x, step);
      if (rank() % 32 + step < 32 && rank() + step < size()) x = join(x, other);
    }
    if (rank() % 32 == 0) parts[warp] = x;
    __syncthreads();
    T all = parts[0];
    for (int i = 1; i < warps; i++) all = join(all, parts[i]);
    __syncthreads();
    return all;
#else
    return x;
#endif
  }
};

template <class Body>
__global__ void forEachKernel(int64_t n, Body body) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += stride) body(i);
}

template <class Body>
__global__ void forEachTeamKernel(int64_t teams, Body body) {
  const Team team;
  for (int64_t i = blockIdx.x; i < teams; i += gridDim.x) body(i, team);
}

inline cudaStream_t cudaStreamOf(const Stream& stream) { return static_cast<cudaStream_t>(stream.handle()); }

// Blocks that keep every processor busy; bodies stride over the rest.
inline unsigned gridFor(const Stream& stream, int64_t blocks, int perProcessor) {
  const int64_t most = static_cast<int64_t>(stream.device().info().processors) * perProcessor;
  return static_cast<unsigned>(std::max<int64_t>(1, std::min(blocks, most)));
}

template <class Body>
void forEach(Stream& stream, int64_t n, const Body& body) {
  if (n <= 0) return;
  if (stream.device().emulated()) {
    stream.emulate([n, body]() mutable {
      for (int64_t i = 0; i < n; i++) body(i);
    });
    return;
  }
  constexpr int kThreads = 256;
  forEachKernel<<<gridFor(stream, (n + kThreads - 1) / kThreads, 16), kThreads, 0, cudaStreamOf(stream)>>>(n, body);
  checkCuda(cudaGetLastError(), "kernel launch");
}

template <class Body>
void forEachTeam(Stream& stream, int64_t teams, int threads, const Body& body) {
  if (teams <= 0) return;
  if (stream.device().emulated()) {
    stream.emulate([teams, body]() mutable {
      const Team team;
      for (int64_t i = 0; i < teams; i++) body(i, team);
    });
    return;
  }
  forEachTeamKernel<<<gridFor(stream, teams, 32), static_cast<unsigned>(threads), 0, cudaStreamOf(stream)>>>(teams, body);
  checkCuda(cudaGetLastError(), "kernel launch");
}

}  // namespace lossmith
