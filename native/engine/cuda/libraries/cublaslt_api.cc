// See cublaslt_api.h.
#include "engine/cuda/libraries/cublaslt_api.h"

#include "engine/cuda/libraries/driver_api.h"
#include "engine/errors.h"

namespace lossmith::cublaslt {
namespace {

Api load() {
  const SharedLibrary library(
      {"cuBLASLt", "LOSSMITH_CUBLASLT", driver::sonames("libcublasLt.so."), "install the CUDA toolkit's libcublas, or pip install nvidia-cublas"});
  Api api;
  LOSSMITH_CUBLASLT_FUNCTIONS(LOSSMITH_LIBRARY_SYMBOL)
  api.path = library.path();
  api.version = api.cublasLtGetVersion();
  return api;
}

}  // namespace

const Api& api() {
  static const Api loaded = load();
  return loaded;
}

void check(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw brokenError("cublas-error", "[cuBLASLt] wanted " + std::string(call) + " to succeed, got " + api().cublasLtGetStatusString(status));
}

}  // namespace lossmith::cublaslt
