// The result of a CUDA call, or an error that names the call.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "engine/errors.h"

namespace lossmith {

inline void checkCuda(cudaError_t result, const char* call) {
  if (result == cudaSuccess) return;
  const std::string message =
      std::string("[cuda] wanted ") + call + " to succeed, got " + cudaGetErrorName(result) + ": " + cudaGetErrorString(result);
  if (result == cudaErrorMemoryAllocation) throw configError("device-memory", message);
  throw brokenError("cuda-error", message);
}

}  // namespace lossmith
