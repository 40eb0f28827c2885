// See kernel_cache.h.
#include "engine/cuda/kernel_cache.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/cuda/libraries/driver_api.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr size_t kThreadsMost = 8;

void sayOnce(const std::string& why) {
  static std::once_flag said;
  std::call_once(said, [&] { std::fprintf(stderr, "lossmith: elementwise chains are interpreted on the GPU, which is slow: %s\n", why.c_str()); });
}

// Calls work(0) .. work(n - 1) from several threads and throws what the first failure threw.
template <class Work>
void inParallel(size_t n, const Work& work) {
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    for (size_t i = next++; i < n; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    }
  };
  std::vector<std::thread> threads;
  const size_t most = std::min<size_t>({n, kThreadsMost, std::max(1u, std::thread::hardware_concurrency())});
  for (size_t t = 1; t < most; t++) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void CompiledKernel::launch(Stream& stream, unsigned blocks, unsigned threads, void** arguments) {
  if (function_ == nullptr) cache_->load();
  driver::check(driver::api().cuLaunchKernel(static_cast<driver::CUfunction>(function_), blocks, 1, 1, threads, 1, 1, 0,
                                             static_cast<driver::CUstream>(stream.handle()), arguments, nullptr),
                "cuLaunchKernel");
}

KernelCache::KernelCache(Device& device) : device_(device) {
  if (device.emulated()) return;
  try {
    driver::api();
    compiler_ = std::make_unique<KernelCompiler>(10 * device.info().major + device.info().minor, kernelFolder());
  } catch (const Error& error) {
    sayOnce(error.what());
  }
}

KernelCache::~KernelCache() {
  for (auto& [text, kernel] : kernels_) {
    if (kernel.module_ != nullptr) driver::api().cuModuleUnload(static_cast<driver::CUmodule>(kernel.module_));
  }
}

CompiledKernel& KernelCache::add(const KernelSource& source) {
  CompiledKernel& kernel = kernels_[source.text];
  kernel.cache_ = this;
  kernel.source_ = source;
  return kernel;
}

void KernelCache::load() {
  std::vector<CompiledKernel*> missing;
  for (auto& [text, kernel] : kernels_) {
    if (kernel.function_ == nullptr) missing.push_back(&kernel);
  }
  std::vector<std::string> codes(missing.size());
  inParallel(missing.size(), [&](size_t i) { codes[i] = compiler_->compile(missing[i]->source_); });
  device_.use();
  for (size_t i = 0; i < missing.size(); i++) {
    driver::CUmodule module = nullptr;
    driver::check(driver::api().cuModuleLoadData(&module, codes[i].c_str()), "cuModuleLoadData");
    missing[i]->module_ = module;
    driver::CUfunction function = nullptr;
    driver::check(driver::api().cuModuleGetFunction(&function, module, missing[i]->source_.name.c_str()), "cuModuleGetFunction");
    missing[i]->function_ = function;
  }
}

}  // namespace lossmith
