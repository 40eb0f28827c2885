// CUDA C to code of a GPU by NVRTC; needs no GPU. What was compiled is kept in a folder by a hash of everything it depends on, and found there by
// the next process. Many processes may share the folder: files appear whole or not at all, and one that was damaged is compiled again. A folder
// that cannot be written is done without.
#pragma once

#include <string>
#include <vector>

namespace lossmith {

struct KernelSource {
  std::string name, text;  // extern "C" __global__ void name(...); may include the headers of device_sources.h
};

class KernelCompiler {
 public:
  // architecture: 90 is sm_90. `folder` empty: nothing is kept. Throws Error(Config, "library-missing") without NVRTC.
  KernelCompiler(int architecture, std::string folder);

  // Machine code of the architecture; PTX of an older one where this NVRTC does not know it, for the driver to finish. May be called by many
  // threads. Throws Error(Broken, "kernel-source") with the compiler's words.
  std::string compile(const KernelSource& source) const;

 private:
  std::string pathOf(const KernelSource& source) const;
  std::string compileNow(const KernelSource& source) const;

  const std::string folder_;
  std::vector<std::string> options_;
  bool ptx_ = false;
};

// $XDG_CACHE_HOME/lossmith/kernels, else ~/.cache/lossmith/kernels; empty where there is no home.
std::string kernelFolder();

}  // namespace lossmith
