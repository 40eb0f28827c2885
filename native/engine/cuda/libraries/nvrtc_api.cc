// See nvrtc_api.h.
#include "engine/cuda/libraries/nvrtc_api.h"

#include <dlfcn.h>

#include "engine/cuda/libraries/driver_api.h"
#include "engine/errors.h"

namespace lossmith::nvrtc {
namespace {

// NVRTC opens its builtins by their name alone, which the loader does not find in a wheel's folder unless they are open already.
void openBuiltins(const std::string& library, int major, int minor) {
  const std::string folder = library.substr(0, library.rfind('/') + 1);
  dlopen((folder + "libnvrtc-builtins.so." + std::to_string(major) + "." + std::to_string(minor)).c_str(), RTLD_NOW | RTLD_GLOBAL);
}

Api load() {
  const SharedLibrary library(
      {"NVRTC", "LOSSMITH_NVRTC", driver::sonames("libnvrtc.so."), "install the CUDA toolkit, or pip install nvidia-cuda-nvrtc"});
  Api api;
  LOSSMITH_NVRTC_FUNCTIONS(LOSSMITH_LIBRARY_SYMBOL)
  api.path = library.path();
  int major = 0, minor = 0;
  if (api.nvrtcVersion(&major, &minor) == NVRTC_SUCCESS) api.version = 1000 * major + 10 * minor;
  openBuiltins(api.path, major, minor);
  return api;
}

}  // namespace

const Api& api() {
  static const Api loaded = load();
  return loaded;
}

void check(nvrtcResult result, const char* call) {
  if (result == NVRTC_SUCCESS) return;
  throw brokenError("nvrtc-error", "[NVRTC] wanted " + std::string(call) + " to succeed, got " + api().nvrtcGetErrorString(result));
}

}  // namespace lossmith::nvrtc
