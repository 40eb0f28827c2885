// See cpu_class.h.
#include "engine/cpu_class.h"

#include <dnnl.h>
#include <unistd.h>

namespace lossmith {
namespace {

std::string isaName() {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  switch (isa) {
    case dnnl_cpu_isa_sse41:
      return "sse41";
    case dnnl_cpu_isa_avx:
      return "avx";
    case dnnl_cpu_isa_avx2:
      return "avx2";
    case dnnl_cpu_isa_avx2_vnni:
      return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core:
      return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "avx512_core_amx";
    default:
      return "isa-" + std::to_string(static_cast<unsigned>(isa));
  }
}

}  // namespace

CpuClass cpuClass() {
  CpuClass result;
  result.isa = isaName();
  const dnnl_version_t* version = dnnl_version();
  result.onednn = std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
  result.name = result.isa + "/l1d-" + std::to_string(sysconf(_SC_LEVEL1_DCACHE_SIZE)) + "/l2-" + std::to_string(sysconf(_SC_LEVEL2_CACHE_SIZE));
  return result;
}

}  // namespace lossmith
