// NVRTC, which compiles CUDA C at run time. Names, types and values are those of nvrtc.h; test/cuda-headers.test.ts compares them.
#pragma once

#include <cstddef>
#include <string>

#include "engine/cuda/libraries/shared_library.h"

namespace lossmith::nvrtc {

enum nvrtcResult : int { NVRTC_SUCCESS = 0, NVRTC_ERROR_COMPILATION = 6 };
using nvrtcProgram = struct _nvrtcProgram*;

// clang-format off
#define LOSSMITH_NVRTC_CONSTANTS(CONSTANT) \
  CONSTANT(NVRTC_SUCCESS) \
  CONSTANT(NVRTC_ERROR_COMPILATION)

#define LOSSMITH_NVRTC_FUNCTIONS(FUNCTION) \
  FUNCTION(nvrtcVersion, nvrtcResult, int* major, int* minor) \
  FUNCTION(nvrtcGetErrorString, const char*, nvrtcResult result) \
  FUNCTION(nvrtcGetNumSupportedArchs, nvrtcResult, int* count) \
  FUNCTION(nvrtcGetSupportedArchs, nvrtcResult, int* architectures) \
  FUNCTION(nvrtcCreateProgram, nvrtcResult, nvrtcProgram* program, const char* source, const char* name, int headerCount, \
           const char* const* headers, const char* const* includeNames) \
  FUNCTION(nvrtcDestroyProgram, nvrtcResult, nvrtcProgram* program) \
  FUNCTION(nvrtcCompileProgram, nvrtcResult, nvrtcProgram program, int optionCount, const char* const* options) \
  FUNCTION(nvrtcGetProgramLogSize, nvrtcResult, nvrtcProgram program, size_t* bytes) \
  FUNCTION(nvrtcGetProgramLog, nvrtcResult, nvrtcProgram program, char* log) \
  FUNCTION(nvrtcGetCUBINSize, nvrtcResult, nvrtcProgram program, size_t* bytes) \
  FUNCTION(nvrtcGetCUBIN, nvrtcResult, nvrtcProgram program, char* cubin) \
  FUNCTION(nvrtcGetPTXSize, nvrtcResult, nvrtcProgram program, size_t* bytes) \
  FUNCTION(nvrtcGetPTX, nvrtcResult, nvrtcProgram program, char* ptx)
// clang-format on

struct Api {
  LOSSMITH_NVRTC_FUNCTIONS(LOSSMITH_LIBRARY_POINTER)
  std::string path;
  int version = 0;  // 1000 * major + 10 * minor, as CUDA counts
};

// Opens the library with the first call. Throws what SharedLibrary throws; a later call tries again.
const Api& api();

// Throws Error(Broken, "nvrtc-error") that names the call.
void check(nvrtcResult result, const char* call);

}  // namespace lossmith::nvrtc
