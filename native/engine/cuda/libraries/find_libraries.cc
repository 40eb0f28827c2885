// See find_libraries.h.
#include "engine/cuda/libraries/find_libraries.h"

#include "engine/cuda/libraries/cublaslt_api.h"
#include "engine/cuda/libraries/driver_api.h"
#include "engine/cuda/libraries/nccl_api.h"
#include "engine/cuda/libraries/nvrtc_api.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

template <class Api, class Version>
LibraryFinding finding(const char* name, const Api& (*api)(), Version version) {
  LibraryFinding found;
  found.name = name;
  try {
    found.path = api().path;
    found.version = version();
  } catch (const Error& error) {
    found.why = error.what();
  }
  return found;
}

std::string numbers(std::initializer_list<int64_t> parts) {
  std::string text;
  for (const int64_t part : parts) text += (text.empty() ? "" : ".") + std::to_string(part);
  return text;
}

std::string cudaVersion(int version) { return numbers({version / 1000, version % 1000 / 10}); }

std::string ncclVersion() {
  const int version = nccl::api().version;
  return numbers({version / 10000, version % 10000 / 100, version % 100});
}

std::string cublasVersion() {
  const auto version = static_cast<int64_t>(cublaslt::api().version);
  return numbers({version / 10000, version % 10000 / 100, version % 100});
}

}  // namespace

std::vector<LibraryFinding> findLibraries() {
  return {
      finding("CUDA driver", driver::api, [] { return "for CUDA " + cudaVersion(driver::version()); }),
      finding("cuBLASLt", cublaslt::api, cublasVersion),
      finding("NVRTC", nvrtc::api, [] { return cudaVersion(nvrtc::api().version); }),
      finding("NCCL", nccl::api, ncclVersion),
  };
}

}  // namespace lossmith
