// A GPU as the engine uses it: memory, streams, events, graphs. Or its emulation on the CPU, for tests where there is no GPU: the same calls
// in the same order, host memory (new memory is NaN), kernels as loops over the functions that the GPU runs (launch.cuh). No header of CUDA
// is included here, so that files without device code need no CUDA compiler.
// Every call is checked: Error(Broken, "cuda-error") names the call; memory that is not there is Error(Config, "device-memory").
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lossmith {

struct DeviceInfo {
  int ordinal = 0;
  std::string name, uuid;
  int major = 0, minor = 0;  // compute capability
  int processors = 0;
  int64_t memory = 0;           // bytes
  int driver = 0, runtime = 0;  // CUDA versions as 13000
};

// The GPUs of this machine. Empty, and `why` says so, where there is no driver, no GPU or only ones older than sm_80.
std::vector<DeviceInfo> listDevices(std::string& why);

class Device;

// Work in order. Owned by the one thread that uses its device.
class Stream {
 public:
  explicit Stream(Device& device);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Device& device() const { return device_; }
  void* handle() const { return handle_; }  // a cudaStream_t; null when emulated

  // `host` must be pinned where a copy is captured or is to overlap, and must live until the stream has done it.
  void copyIn(void* device, const void* host, size_t bytes);
  void copyOut(void* host, const void* device, size_t bytes);
  void copyWithin(void* to, const void* from, size_t bytes);
  void fill(void* device, int byte, size_t bytes);
  // Until all that was asked for is done. Throws what a kernel did wrong.
  void synchronize();

  // Of an emulated device only: runs `work`, or keeps it while a graph is captured. launch.cuh and the calls above end here.
  void emulate(std::function<void()> work);

 private:
  friend class Graph;
  Device& device_;
  void* handle_ = nullptr;
  std::vector<std::function<void()>>* captured_ = nullptr;  // emulated: where work goes while a graph is captured
};

// A point in a stream that another stream or the host can wait for.
class Event {
 public:
  explicit Event(Device& device, bool timed = false);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(Stream& stream);
  void makeWait(Stream& stream);
  void synchronize();
  bool done();
  // Milliseconds from `from` to this one; both timed and done. 0 when emulated.
  float since(const Event& from);

 private:
  Device& device_;
  void* handle_ = nullptr;
};

// Work of one stream, recorded once and replayed as a whole: arguments are those of the recording.
class Graph {
 public:
  // Runs nothing. `record` may ask for work of this stream, on a GPU of others too that wait for it and that it waits for at the end, and must not
  // synchronize or allocate.
  Graph(Stream& stream, const std::function<void()>& record);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  void replay(Stream& stream);
  size_t launches() const { return launches_; }  // nodes

 private:
  bool emulated_;
  void* handle_ = nullptr;
  size_t launches_ = 0;
  std::vector<std::function<void()>> work_;
};

class Device {
 public:
  // Throws Error(Config, "no-gpu") with what is missing.
  static std::unique_ptr<Device> open(int ordinal);
  static std::unique_ptr<Device> emulate();
  virtual ~Device() = default;

  bool emulated() const { return emulated_; }
  const DeviceInfo& info() const { return info_; }
  // Makes this device the calling thread's: first thing a thread does that uses it.
  void use() const;
  int64_t freeBytes() const;
  Stream& stream() { return *stream_; }    // where a step is computed
  Stream& copying() { return *copying_; }  // input on its way in, beside it

 protected:
  Device(DeviceInfo info, bool emulated);

 private:
  DeviceInfo info_;
  bool emulated_;
  std::unique_ptr<Stream> stream_, copying_;
};

// Bytes on the device, aligned to 256. Uninitialised; NaN when emulated, unless it is more than 1 GiB.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(Device& device, size_t bytes);
  ~DeviceMemory();
  DeviceMemory(DeviceMemory&& other) noexcept;
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;

  size_t bytes() const { return bytes_; }
  void* data() const { return data_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  bool emulated_ = false;
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

// Host memory that copies to and from a device without a stop on the way. Zeros.
class PinnedMemory {
 public:
  PinnedMemory() = default;
  PinnedMemory(Device& device, size_t bytes);
  ~PinnedMemory();
  PinnedMemory(PinnedMemory&& other) noexcept;
  PinnedMemory& operator=(PinnedMemory&& other) noexcept;

  size_t bytes() const { return bytes_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  bool emulated_ = false;
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace lossmith
