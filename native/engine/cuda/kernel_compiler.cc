// See kernel_compiler.h.
#include "engine/cuda/kernel_compiler.h"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "engine/cuda/device_sources.h"
#include "engine/cuda/libraries/nvrtc_api.h"
#include "engine/data/xxh64.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

// A kept file: this line, the hash of what follows, the code.
constexpr std::string_view kMagic = "lossmith kernel 1\n";

std::string fileOf(const std::string& code) {
  const uint64_t hash = xxh64(code, 0);
  std::string file(kMagic);
  file.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  return file + code;
}

// Empty when the file is not there or not whole.
std::string codeOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  const size_t begin = kMagic.size() + sizeof(uint64_t);
  if (file.size() <= begin) return "";
  const std::string code = file.substr(begin);
  return file == fileOf(code) ? code : "";
}

// Written beside and renamed: who reads sees the old state or the whole file.
void keep(const std::string& path, const std::string& code) {
  static std::atomic<int> number{0};
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const std::string beside = path + "." + std::to_string(::getpid()) + "." + std::to_string(number++);
  std::ofstream out(beside, std::ios::binary);
  out << fileOf(code);
  out.close();
  if (out) std::filesystem::rename(beside, path, ignored);
  if (!out || ignored) std::filesystem::remove(beside, ignored);
}

std::vector<int> architecturesOf(const nvrtc::Api& api) {
  int count = 0;
  nvrtc::check(api.nvrtcGetNumSupportedArchs(&count), "nvrtcGetNumSupportedArchs");
  std::vector<int> architectures(count);
  nvrtc::check(api.nvrtcGetSupportedArchs(architectures.data()), "nvrtcGetSupportedArchs");
  return architectures;
}

class NvrtcProgram {
 public:
  NvrtcProgram(const nvrtc::Api& api, const KernelSource& source) : api_(api) {
    std::vector<const char*> names, texts;
    for (int i = 0; i < kDeviceSourceCount; i++) {
      names.push_back(kDeviceSources[i].name);
      texts.push_back(kDeviceSources[i].text);
    }
    nvrtc::check(
        api_.nvrtcCreateProgram(&program_, source.text.c_str(), (source.name + ".cu").c_str(), kDeviceSourceCount, texts.data(), names.data()),
        "nvrtcCreateProgram");
  }
  ~NvrtcProgram() { api_.nvrtcDestroyProgram(&program_); }
  NvrtcProgram(const NvrtcProgram&) = delete;
  NvrtcProgram& operator=(const NvrtcProgram&) = delete;

  nvrtc::nvrtcProgram get() const { return program_; }

 private:
  const nvrtc::Api& api_;
  nvrtc::nvrtcProgram program_ = nullptr;
};

}  // namespace

KernelCompiler::KernelCompiler(int architecture, std::string folder) : folder_(std::move(folder)) {
  int best = 0;
  for (const int known : architecturesOf(nvrtc::api())) {
    if (known <= architecture && known > best) best = known;
  }
  if (best == 0) {
    throw configError("library-missing", "[NVRTC] wanted a library that knows sm_" + std::to_string(architecture) + ", got " + nvrtc::api().path);
  }
  ptx_ = best != architecture;
  // Without fmad a chain gives the bits of the CPU.
  options_ = {"--gpu-architecture=" + std::string(ptx_ ? "compute_" : "sm_") + std::to_string(best), "--std=c++20", "--fmad=false"};
}

std::string KernelCompiler::compile(const KernelSource& source) const {
  if (folder_.empty()) return compileNow(source);
  const std::string path = pathOf(source);
  if (std::string code = codeOf(path); !code.empty()) return code;
  std::string code = compileNow(source);
  keep(path, code);
  return code;
}

std::string KernelCompiler::pathOf(const KernelSource& source) const {
  std::string all = std::to_string(nvrtc::api().version) + '\0' + source.text;
  for (const std::string& option : options_) all += '\0' + option;
  for (int i = 0; i < kDeviceSourceCount; i++) all += std::string("\0", 1) + kDeviceSources[i].text;
  char hash[33];
  std::snprintf(hash, sizeof hash, "%016llx%016llx", static_cast<unsigned long long>(xxh64(all, 0)), static_cast<unsigned long long>(xxh64(all, 1)));
  return folder_ + "/" + hash;
}

std::string KernelCompiler::compileNow(const KernelSource& source) const {
  const nvrtc::Api& api = nvrtc::api();
  const NvrtcProgram program(api, source);
  std::vector<const char*> options;
  for (const std::string& option : options_) options.push_back(option.c_str());
  const nvrtc::nvrtcResult result = api.nvrtcCompileProgram(program.get(), static_cast<int>(options.size()), options.data());
  if (result == nvrtc::NVRTC_ERROR_COMPILATION) {
    size_t bytes = 0;
    nvrtc::check(api.nvrtcGetProgramLogSize(program.get(), &bytes), "nvrtcGetProgramLogSize");
    std::string log(bytes, '\0');
    nvrtc::check(api.nvrtcGetProgramLog(program.get(), log.data()), "nvrtcGetProgramLog");
    throw brokenError("kernel-source", "[NVRTC] wanted source of " + source.name + " that compiles, got " + log.c_str());
  }
  nvrtc::check(result, "nvrtcCompileProgram");
  size_t bytes = 0;
  nvrtc::check(ptx_ ? api.nvrtcGetPTXSize(program.get(), &bytes) : api.nvrtcGetCUBINSize(program.get(), &bytes), "the size of compiled code");
  std::string code(bytes, '\0');
  nvrtc::check(ptx_ ? api.nvrtcGetPTX(program.get(), code.data()) : api.nvrtcGetCUBIN(program.get(), code.data()), "compiled code");
  return code;
}

std::string kernelFolder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/lossmith/kernels";
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.cache/lossmith/kernels" : "";
}

}  // namespace lossmith
