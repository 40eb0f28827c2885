// See driver_api.h.
#include "engine/cuda/libraries/driver_api.h"

#include "engine/errors.h"

namespace lossmith::driver {
namespace {

Api load() {
  const SharedLibrary library({"CUDA driver", "LOSSMITH_CUDA_DRIVER", {"libcuda.so.1"}, "install NVIDIA's driver (525 or newer)"});
  Api api;
  LOSSMITH_DRIVER_FUNCTIONS(LOSSMITH_LIBRARY_SYMBOL)
  api.path = library.path();
  return api;
}

}  // namespace

const Api& api() {
  static const Api loaded = load();
  return loaded;
}

int version() {
  try {
    int version = 0;
    return api().cuDriverGetVersion(&version) == CUDA_SUCCESS ? version : 0;
  } catch (const Error&) {
    return 0;
  }
}

std::vector<std::string> sonames(const std::string& stem) {
  const int driver = version();
  if (driver != 0 && driver < 13000) return {stem + "12"};
  return {stem + "13", stem + "12"};
}

void check(CUresult result, const char* call) {
  if (result == CUDA_SUCCESS) return;
  const char* text = nullptr;
  if (api().cuGetErrorString(result, &text) != CUDA_SUCCESS || text == nullptr) text = "unknown";
  throw brokenError("cuda-error", "[cuda] wanted " + std::string(call) + " to succeed, got " + std::to_string(result) + ": " + text);
}

}  // namespace lossmith::driver
