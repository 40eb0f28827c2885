// Ranks that exchange device memory over NCCL. Calls are enqueued on a stream and take device memory; wait() ends when the stream has done them.
// The communicator is NCCL's non-blocking kind: no call of the library waits for another rank, we do, and look for errors, the deadline and
// abort() meanwhile. So nothing hangs: what fails is Error(Transient, "collective-broken" | "collective-timeout") for lost ranks and machines,
// Error(Broken, "nccl-error") for calls that NCCL refuses, and the communicator is aborted and of no use afterwards.
// All ranks must make the same calls with the same sizes in the same order: NCCL does not check that.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/cuda/libraries/nccl_api.h"

namespace lossmith {

// Of one rank, to be carried to all; each names one communicator. Throws what nccl::api throws, Error(Transient, "collective-broken").
nccl::ncclUniqueId createNcclId();

// Bytes of a value.
size_t sizeOf(nccl::ncclDataType_t type);

class NcclCommunicator {
 public:
  // Throws what nccl::api throws, Error(Config, "nccl-emulated") for an emulated device where no library is named, Error(Config, "collective-rank").
  NcclCommunicator(Device& device, int rank, int world, std::chrono::milliseconds timeout);
  ~NcclCommunicator();
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  // Until all ranks have come, at most `timeout`.
  void connect(const nccl::ncclUniqueId& id, std::chrono::milliseconds timeout);

  int rank() const { return rank_; }
  int world() const { return world_; }
  Device& device() const { return device_; }

  // Counts are of values; `from` may be `to`. What allGather and reduceScatter call count is that of one rank.
  void allReduce(const void* from, void* to, size_t count, nccl::ncclDataType_t type, nccl::ncclRedOp_t op, Stream& stream);
  void reduce(const void* from, void* to, size_t count, nccl::ncclDataType_t type, nccl::ncclRedOp_t op, int root, Stream& stream);
  void reduceScatter(const void* from, void* to, size_t count, nccl::ncclDataType_t type, nccl::ncclRedOp_t op, Stream& stream);
  void broadcast(const void* from, void* to, size_t count, nccl::ncclDataType_t type, int root, Stream& stream);
  void allGather(const void* from, void* to, size_t count, nccl::ncclDataType_t type, Stream& stream);
  void send(const void* from, size_t count, nccl::ncclDataType_t type, int peer, Stream& stream);
  void receive(void* to, size_t count, nccl::ncclDataType_t type, int peer, Stream& stream);

  // Bytes of unequal sizes. Rank r's sizes[r] bytes go to all: one behind the other in `all`. Where `mine` lies in its place, nothing is copied.
  void allGatherV(const void* mine, const std::vector<size_t>& sizes, void* all, Stream& stream);
  // send[r] goes to rank r, receive[r] comes from it; sizes as rank r has them.
  void allToAllV(const std::vector<std::pair<const void*, size_t>>& send, const std::vector<std::pair<void*, size_t>>& receive, Stream& stream);

  // Calls made by `calls` go as one. Sends and receives that wait for each other must be one group.
  void group(const std::function<void()>& calls);
  // The same, but returns while NCCL still prepares them: settle() or wait() must follow before anything else is enqueued on the stream.
  void begin(const std::function<void()>& calls);
  void settle();

  // Until the stream has done all that it was asked for.
  void wait(Stream& stream);

  // When all ranks do this, none loses what another still sends. Ends as abort does where a rank does not come.
  void close();
  // From any thread: ends what waits. Other ranks notice where the connection is closed by it (sockets), else at their deadline: whoever knows
  // of a lost rank aborts all.
  void abort();
  bool aborted() const { return aborted_; }
  // What waits also ends, as an abort, when this says that the ranks are lost. Before connect; it is asked often.
  void watch(std::function<bool()> lost) { lost_ = std::move(lost); }

 private:
  class Using;

  template <class Body>
  void guarded(const char* call, Body body);
  void enqueue(const char* call, const std::function<nccl::ncclResult_t()>& body);
  void check(nccl::ncclResult_t result, const char* call);
  void settleUntil(std::chrono::steady_clock::time_point deadline, const char* call);
  template <class Done>
  void pollUntil(std::chrono::steady_clock::time_point deadline, const char* call, Done done);
  std::string where(const char* call) const;
  void kill();

  const nccl::Api& api_;
  Device& device_;
  const int rank_, world_;
  const std::chrono::milliseconds timeout_;
  std::function<bool()> lost_;
  Event done_;
  std::mutex mutex_;  // of the three below
  nccl::ncclComm_t comm_ = nullptr;
  bool busy_ = false, closed_ = false;
  std::atomic<bool> aborted_ = false;
  bool grouped_ = false, in_progress_ = false;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace lossmith
