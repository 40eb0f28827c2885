// The class of this CPU: what a product's rounding may depend on. oneDNN picks its kernels by instruction set and its blocking by
// cache sizes, so two ranks of one class compute the same bits. DNNL_MAX_CPU_ISA lowers the instruction set and with it the class.
#pragma once

#include <string>

namespace lossmith {

struct CpuClass {
  std::string name;    // "avx512_core_amx/l1d-49152/l2-2097152"
  std::string isa;     // oneDNN's effective instruction set
  std::string onednn;  // its version, "2.6.3"
};

CpuClass cpuClass();

}  // namespace lossmith
