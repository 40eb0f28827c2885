// See nccl_api.h.
#include "engine/cuda/libraries/nccl_api.h"

#include "engine/errors.h"

namespace lossmith::nccl {
namespace {

Api load() {
  const SharedLibrary library(
      {"NCCL", "LOSSMITH_NCCL", {"libnccl.so.2"}, "install libnccl2 of NVIDIA's package repository, or pip install nvidia-nccl-cu13"});
  Api api;
  // The version first: an old library lacks functions, and its number says more than their names.
  const auto getVersion = library.symbol<ncclResult_t(int*)>("ncclGetVersion");
  if (getVersion(&api.version) != ncclSuccess || api.version < kOldestVersion) {
    throw configError("nccl-version", "[NCCL] wanted 2.14 or newer (" + std::to_string(kOldestVersion) + "), got " + std::to_string(api.version) +
                                          " in " + library.path());
  }
  LOSSMITH_NCCL_FUNCTIONS(LOSSMITH_LIBRARY_SYMBOL)
  api.path = library.path();
  return api;
}

}  // namespace

const Api& api() {
  static const Api loaded = load();
  return loaded;
}

}  // namespace lossmith::nccl
