// out[outer, inner] = Σ over length of x[outer, length, inner]; 0 of none.
#include "engine/cuda/reduce.cuh"

namespace lossmith {
namespace {

struct Sum {
  __host__ __device__ static float none() { return 0.0f; }
  __host__ __device__ float operator()(float a, float b) const { return a + b; }
  __host__ __device__ static float of(const Team& team, float x) { return team.sum(x); }
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceReduceSum(const ReduceSum& instruction) {
  return std::make_unique<ReduceKernel<ReduceSum, Sum>>(instruction);
}

}  // namespace lossmith
