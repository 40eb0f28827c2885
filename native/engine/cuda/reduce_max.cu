// out[outer, inner] = the largest of x[outer, length, inner] over length; −∞ of none, NaN of any NaN.
#include "engine/cuda/reduce.cuh"
#include "engine/scalar_functions.h"

namespace lossmith {
namespace {

struct Largest {
  __host__ __device__ static float none() { return -kInfinity; }
  __host__ __device__ float operator()(float a, float b) const { return a > b || a != a ? a : b; }
  __host__ __device__ static float of(const Team& team, float x) { return team.max(x); }
};

}  // namespace

std::unique_ptr<DeviceKernel> makeDeviceReduceMax(const ReduceMax& instruction) {
  return std::make_unique<ReduceKernel<ReduceMax, Largest>>(instruction);
}

}  // namespace lossmith
