// NCCL for programs that use it by themselves (native/ts/nccl.ts): one rank's device, memory on it and one communicator. Every call is watched
// as nccl_communicator.h says and has ended when it returns. One thread at a time, but for abort.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/collective/collective.h"
#include "engine/cuda/libraries/nccl_api.h"

namespace lossmith {

// Bytes on a session's device. May outlive the session.
struct NcclBuffer {
  virtual ~NcclBuffer() = default;
  void* data = nullptr;
  size_t bytes = 0;
};

struct NcclPlace {
  std::shared_ptr<NcclBuffer> buffer;
  size_t offset = 0;
};

enum class NcclCallKind { AllReduce, Reduce, ReduceScatter, Broadcast, AllGather, Send, Receive };

// `count` values of one rank; `peer` is the other rank, or the root. What a kind has no use for is left out.
struct NcclCall {
  NcclCallKind kind = NcclCallKind::AllReduce;
  NcclPlace from, to;
  size_t count = 0;
  nccl::ncclDataType_t type = nccl::ncclFloat32;
  nccl::ncclRedOp_t op = nccl::ncclSum;
  int peer = 0;
};

class NcclSession {
 public:
  virtual ~NcclSession() = default;
  virtual std::string deviceName() const = 0;
  virtual std::shared_ptr<NcclBuffer> allocate(size_t bytes) = 0;
  // Throw Error(Config, "nccl-range") for places outside the buffer.
  virtual void write(const NcclPlace& to, const Bytes& bytes) = 0;
  virtual Bytes read(const NcclPlace& from, size_t bytes) = 0;

  virtual void connect(const nccl::ncclUniqueId& id, int rank, int world, std::chrono::milliseconds timeout) = 0;
  // All calls as one group; done when it returns. Throws Error(Config, "nccl-range") for values outside a buffer and ranks outside the world,
  // before anything is sent.
  virtual void run(const std::vector<NcclCall>& calls) = 0;
  virtual void close() = 0;
  virtual void abort() = 0;
};

// Throws what Device::open throws.
std::unique_ptr<NcclSession> createNcclSession(int gpu);

}  // namespace lossmith
