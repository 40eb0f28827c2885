// See device.h.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "engine/cuda/check.h"
#include "engine/cuda/device.h"
#include "engine/cuda/device_report.h"

namespace lossmith {
namespace {

constexpr int kOldest = 80;  // sm_80: asynchronous copies, bf16 and TF32 products
constexpr size_t kAlignment = 256;
constexpr size_t kFilledBytes = size_t{1} << 30;
constexpr int64_t kEmulatedBytes = int64_t{1} << 40;  // memory that nobody touches costs nothing

cudaStream_t streamOf(void* handle) { return static_cast<cudaStream_t>(handle); }
cudaEvent_t eventOf(void* handle) { return static_cast<cudaEvent_t>(handle); }

std::string uuidOf(const cudaUUID_t& uuid) {
  std::string text = "GPU-";
  for (int i = 0; i < 16; i++) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", static_cast<unsigned char>(uuid.bytes[i]));
    text += pair;
    if (i == 3 || i == 5 || i == 7 || i == 9) text += '-';
  }
  return text;
}

DeviceInfo infoOf(int ordinal) {
  cudaDeviceProp properties;
  checkCuda(cudaGetDeviceProperties(&properties, ordinal), "cudaGetDeviceProperties");
  DeviceInfo info;
  info.ordinal = ordinal;
  info.name = properties.name;
  info.uuid = uuidOf(properties.uuid);
  info.major = properties.major;
  info.minor = properties.minor;
  info.processors = properties.multiProcessorCount;
  info.memory = static_cast<int64_t>(properties.totalGlobalMem);
  checkCuda(cudaDriverGetVersion(&info.driver), "cudaDriverGetVersion");
  checkCuda(cudaRuntimeGetVersion(&info.runtime), "cudaRuntimeGetVersion");
  return info;
}

size_t padded(size_t bytes) { return std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment); }

void* hostMemory(size_t bytes, int byte) {
  void* memory = std::aligned_alloc(kAlignment, padded(bytes));
  if (memory == nullptr) throw configError("device-memory", "[cuda] wanted " + std::to_string(bytes) + " bytes of emulated memory, got none");
  // More comes fresh from the kernel: zeros, and nothing until they are touched.
  if (bytes <= kFilledBytes) std::memset(memory, byte, padded(bytes));
  return memory;
}

DeviceInfo emulatedInfo() {
  DeviceInfo info;
  info.name = "emulated on the CPU";
  info.uuid = "emulated";
  info.processors = 1;
  info.memory = kEmulatedBytes;
  return info;
}

// LOSSMITH_CUDA=emulated: the machine has one device, the emulated one.
bool onlyEmulated() {
  const char* value = std::getenv("LOSSMITH_CUDA");
  return value != nullptr && std::strcmp(value, "emulated") == 0;
}

std::string reasonOf(cudaError_t result) {
  int driver = 0, runtime = 0;
  const bool known = cudaDriverGetVersion(&driver) == cudaSuccess && cudaRuntimeGetVersion(&runtime) == cudaSuccess;
  cudaGetLastError();  // or it would be met again by the next call
  if (known && driver == 0) return "no NVIDIA driver";
  if (known && driver / 1000 < runtime / 1000) {
    const auto text = [](int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); };
    return "the driver is for CUDA " + text(driver) + " and this engine was built with CUDA " + text(runtime) +
           ": a newer driver, or build with an older toolkit";
  }
  return result == cudaErrorNoDevice ? "no GPU" : cudaGetErrorString(result);
}

}  // namespace

bool builtWithCuda() { return true; }

int64_t freeDeviceBytes(int ordinal) { return Device::open(ordinal)->freeBytes(); }

std::vector<DeviceInfo> listDevices(std::string& why) {
  if (onlyEmulated()) return {emulatedInfo()};
  int count = 0;
  const cudaError_t result = cudaGetDeviceCount(&count);
  if (result != cudaSuccess || count == 0) {
    why = reasonOf(result == cudaSuccess ? cudaErrorNoDevice : result);
    return {};
  }
  std::vector<DeviceInfo> devices;
  for (int i = 0; i < count; i++) {
    const DeviceInfo info = infoOf(i);
    if (10 * info.major + info.minor >= kOldest) devices.push_back(info);
    else why = info.name + " is sm_" + std::to_string(10 * info.major + info.minor) + ", wanted sm_80 or newer";
  }
  return devices;
}

Device::Device(DeviceInfo info, bool emulated) : info_(std::move(info)), emulated_(emulated) {
  use();
  stream_ = std::make_unique<Stream>(*this);
  copying_ = std::make_unique<Stream>(*this);
}

std::unique_ptr<Device> Device::open(int ordinal) {
  std::string why;
  for (DeviceInfo& info : listDevices(why)) {
    if (info.ordinal == ordinal) return onlyEmulated() ? emulate() : std::unique_ptr<Device>(new Device(std::move(info), false));
  }
  throw configError("no-gpu", "[cuda] wanted a usable GPU " + std::to_string(ordinal) + ", got none: " + (why.empty() ? "no such GPU" : why));
}

std::unique_ptr<Device> Device::emulate() { return std::unique_ptr<Device>(new Device(emulatedInfo(), true)); }

void Device::use() const {
  if (!emulated_) checkCuda(cudaSetDevice(info_.ordinal), "cudaSetDevice");
}

int64_t Device::freeBytes() const {
  if (emulated_) return kEmulatedBytes;
  size_t free = 0, total = 0;
  checkCuda(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return static_cast<int64_t>(free);
}

Stream::Stream(Device& device) : device_(device) {
  if (device.emulated()) return;
  cudaStream_t stream = nullptr;
  checkCuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  handle_ = stream;
}

Stream::~Stream() {
  if (handle_ != nullptr) cudaStreamDestroy(streamOf(handle_));
}

void Stream::emulate(std::function<void()> work) {
  if (captured_ != nullptr) {
    captured_->push_back(std::move(work));
  } else {
    work();
  }
}

void Stream::copyIn(void* device, const void* host, size_t bytes) {
  if (bytes == 0) return;
  if (device_.emulated()) return emulate([=] { std::memcpy(device, host, bytes); });
  checkCuda(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, streamOf(handle_)), "cudaMemcpyAsync to the device");
}

void Stream::copyOut(void* host, const void* device, size_t bytes) {
  if (bytes == 0) return;
  if (device_.emulated()) return emulate([=] { std::memcpy(host, device, bytes); });
  checkCuda(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, streamOf(handle_)), "cudaMemcpyAsync to the host");
}

void Stream::copyWithin(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return;
  if (device_.emulated()) return emulate([=] { std::memmove(to, from, bytes); });
  checkCuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, streamOf(handle_)), "cudaMemcpyAsync within the device");
}

void Stream::fill(void* device, int byte, size_t bytes) {
  if (bytes == 0) return;
  if (device_.emulated()) return emulate([=] { std::memset(device, byte, bytes); });
  checkCuda(cudaMemsetAsync(device, byte, bytes, streamOf(handle_)), "cudaMemsetAsync");
}

void Stream::synchronize() {
  if (!device_.emulated()) checkCuda(cudaStreamSynchronize(streamOf(handle_)), "cudaStreamSynchronize");
}

Event::Event(Device& device, bool timed) : device_(device) {
  if (device.emulated()) return;
  cudaEvent_t event = nullptr;
  checkCuda(cudaEventCreateWithFlags(&event, timed ? cudaEventDefault : cudaEventDisableTiming), "cudaEventCreateWithFlags");
  handle_ = event;
}

Event::~Event() {
  if (handle_ != nullptr) cudaEventDestroy(eventOf(handle_));
}

void Event::record(Stream& stream) {
  if (!device_.emulated()) checkCuda(cudaEventRecord(eventOf(handle_), streamOf(stream.handle())), "cudaEventRecord");
}

void Event::makeWait(Stream& stream) {
  if (!device_.emulated()) checkCuda(cudaStreamWaitEvent(streamOf(stream.handle()), eventOf(handle_), 0), "cudaStreamWaitEvent");
}

void Event::synchronize() {
  if (!device_.emulated()) checkCuda(cudaEventSynchronize(eventOf(handle_)), "cudaEventSynchronize");
}

bool Event::done() {
  if (device_.emulated()) return true;
  const cudaError_t result = cudaEventQuery(eventOf(handle_));
  if (result == cudaErrorNotReady) return false;
  checkCuda(result, "cudaEventQuery");
  return true;
}

float Event::since(const Event& from) {
  if (device_.emulated()) return 0;
  float milliseconds = 0;
  checkCuda(cudaEventElapsedTime(&milliseconds, eventOf(from.handle_), eventOf(handle_)), "cudaEventElapsedTime");
  return milliseconds;
}

Graph::Graph(Stream& stream, const std::function<void()>& record) : emulated_(stream.device().emulated()) {
  if (emulated_) {
    stream.captured_ = &work_;
    struct Restore {
      Stream& stream;
      ~Restore() { stream.captured_ = nullptr; }
    } restore{stream};
    record();
    launches_ = work_.size();
    return;
  }
  checkCuda(cudaStreamBeginCapture(streamOf(stream.handle()), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
  cudaGraph_t graph = nullptr;
  try {
    record();
  } catch (...) {
    cudaStreamEndCapture(streamOf(stream.handle()), &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    cudaGetLastError();
    throw;
  }
  checkCuda(cudaStreamEndCapture(streamOf(stream.handle()), &graph), "cudaStreamEndCapture");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t counted = cudaGraphGetNodes(graph, nullptr, &launches_);
  const cudaError_t made = counted == cudaSuccess ? cudaGraphInstantiate(&executable, graph, 0) : counted;
  cudaGraphDestroy(graph);
  checkCuda(made, "cudaGraphInstantiate");
  handle_ = executable;
}

Graph::~Graph() {
  if (handle_ != nullptr) cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(handle_));
}

void Graph::replay(Stream& stream) {
  for (const auto& work : work_) work();
  if (!emulated_) checkCuda(cudaGraphLaunch(static_cast<cudaGraphExec_t>(handle_), streamOf(stream.handle())), "cudaGraphLaunch");
}

DeviceMemory::DeviceMemory(Device& device, size_t bytes) : emulated_(device.emulated()), bytes_(bytes) {
  if (bytes == 0) return;
  if (emulated_) {
    data_ = hostMemory(bytes, 0xff);
    return;
  }
  const cudaError_t result = cudaMalloc(&data_, bytes);
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw configError("device-memory", "[cuda] wanted " + std::to_string(bytes) + " bytes on " + device.info().name + ", got " +
                                           std::to_string(device.freeBytes()) + " free");
  }
  checkCuda(result, "cudaMalloc");
}

DeviceMemory::~DeviceMemory() {
  if (emulated_) std::free(data_);
  else if (data_ != nullptr) cudaFree(data_);
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(emulated_, other.emulated_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

PinnedMemory::PinnedMemory(Device& device, size_t bytes) : emulated_(device.emulated()), bytes_(bytes) {
  if (bytes == 0) return;
  if (emulated_) {
    data_ = hostMemory(bytes, 0);
    return;
  }
  checkCuda(cudaHostAlloc(&data_, bytes, cudaHostAllocPortable), "cudaHostAlloc");
  std::memset(data_, 0, bytes);
}

PinnedMemory::~PinnedMemory() {
  if (emulated_) std::free(data_);
  else if (data_ != nullptr) cudaFreeHost(data_);
}

PinnedMemory::PinnedMemory(PinnedMemory&& other) noexcept { *this = std::move(other); }

PinnedMemory& PinnedMemory::operator=(PinnedMemory&& other) noexcept {
  std::swap(emulated_, other.emulated_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace lossmith
