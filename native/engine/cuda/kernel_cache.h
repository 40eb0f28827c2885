// Kernels of one device that are compiled at run time, by their source: add() all of them, load() once, then launch. Equal sources are one
// kernel. Where nothing can be compiled (an emulated device, a machine without NVRTC, which is said on stderr) callers do without.
// Used by the thread of its device.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/cuda/device.h"
#include "engine/cuda/kernel_compiler.h"

namespace lossmith {

class KernelCache;

class CompiledKernel {
 public:
  // Asks for a launch; `arguments` as of cuLaunchKernel: the address of each. Loads what is not loaded yet, which a captured stream does not allow.
  void launch(Stream& stream, unsigned blocks, unsigned threads, void** arguments);

 private:
  friend class KernelCache;
  KernelCache* cache_ = nullptr;
  KernelSource source_;
  void* module_ = nullptr;
  void* function_ = nullptr;
};

class KernelCache {
 public:
  explicit KernelCache(Device& device);
  ~KernelCache();
  KernelCache(const KernelCache&) = delete;
  KernelCache& operator=(const KernelCache&) = delete;

  bool compiles() const { return compiler_ != nullptr; }
  // Only where it compiles(). Lives as long as this.
  CompiledKernel& add(const KernelSource& source);
  // Compiles what was added since the last time, in parallel, and loads it.
  void load();

 private:
  const Device& device_;
  std::unique_ptr<KernelCompiler> compiler_;
  std::map<std::string, CompiledKernel> kernels_;  // by text
};

}  // namespace lossmith
