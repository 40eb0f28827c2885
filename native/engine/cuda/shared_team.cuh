// A team with memory of its own: forEachSharedTeam(stream, teams, threads, floats, body), body(i, team, memory) as forEachTeam of launch.cuh, where
// `memory` is `floats` floats that the team's threads share. What was in it before is undefined. team.sync() stands between writing and
// reading it.
#pragma once

#include <vector>

#include "engine/cuda/launch.cuh"

namespace lossmith {

constexpr int64_t kSharedFloats = 48 * 1024 / sizeof(float);  // what every GPU gives without being asked

template <class Body>
__global__ void forEachSharedTeamKernel(int64_t teams, Body body) {
  extern __shared__ float4 memory[];  // aligned for vectors of four
  const Team team;
  for (int64_t i = blockIdx.x; i < teams; i += gridDim.x) {
    body(i, team, reinterpret_cast<float*>(memory));
    __syncthreads();
  }
}

template <class Body>
void forEachSharedTeam(Stream& stream, int64_t teams, int threads, int64_t floats, const Body& body) {
  if (teams <= 0) return;
  if (stream.device().emulated()) {
    stream.emulate([teams, floats, body]() mutable {
      std::vector<float4> memory((floats + 3) / 4);
      const Team team;
      for (int64_t i = 0; i < teams; i++) body(i, team, reinterpret_cast<float*>(memory.data()));
    });
    return;
  }
  const auto bytes = static_cast<size_t>(floats) * sizeof(float);
  forEachSharedTeamKernel<<<gridFor(stream, teams, 32), static_cast<unsigned>(threads), bytes, cudaStreamOf(stream)>>>(teams, body);
  checkCuda(cudaGetLastError(), "kernel launch");
}

}  // namespace lossmith
