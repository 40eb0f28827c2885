// What the engine uses of CUDA's driver by itself: loading and starting kernels that NVRTC compiled. The runtime (linked statically) does the
// rest. Names, types and values are those of cuda.h, declared here because the runtime's own calls do not need that header's library to be linked;
// test/cuda-headers.test.ts compares them with the real ones.
#pragma once

#include <string>
#include <vector>

#include "engine/cuda/libraries/shared_library.h"

namespace lossmith::driver {

enum CUresult : int { CUDA_SUCCESS = 0 };
enum CUfunction_attribute : int { CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 };
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;

// clang-format off
#define LOSSMITH_DRIVER_CONSTANTS(CONSTANT) \
  CONSTANT(CUDA_SUCCESS) \
  CONSTANT(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)

#define LOSSMITH_DRIVER_FUNCTIONS(FUNCTION) \
  FUNCTION(cuInit, CUresult, unsigned int flags) \
  FUNCTION(cuDriverGetVersion, CUresult, int* version) \
  FUNCTION(cuGetErrorString, CUresult, CUresult error, const char** text) \
  FUNCTION(cuModuleLoadData, CUresult, CUmodule* module, const void* image) \
  FUNCTION(cuModuleUnload, CUresult, CUmodule module) \
  FUNCTION(cuModuleGetFunction, CUresult, CUfunction* function, CUmodule module, const char* name) \
  FUNCTION(cuFuncSetAttribute, CUresult, CUfunction function, CUfunction_attribute attribute, int value) \
  FUNCTION(cuLaunchKernel, CUresult, CUfunction function, unsigned int gridX, unsigned int gridY, unsigned int gridZ, unsigned int blockX, \
           unsigned int blockY, unsigned int blockZ, unsigned int sharedBytes, CUstream stream, void** arguments, void** extra)
// clang-format on

struct Api {
  LOSSMITH_DRIVER_FUNCTIONS(LOSSMITH_LIBRARY_POINTER)
  std::string path;
};

// Opens libcuda.so.1 with the first call. Throws what SharedLibrary throws; a later call tries again.
const Api& api();

// The newest CUDA that the driver knows, as 13000; 0 where there is no driver.
int version();

// `stem` + the major versions of CUDA that the driver can run, best first: 13 and 12, or 12 alone under a driver of 12.
std::vector<std::string> sonames(const std::string& stem);

// Throws Error(Broken, "cuda-error") that names the call.
void check(CUresult result, const char* call);

}  // namespace lossmith::driver
