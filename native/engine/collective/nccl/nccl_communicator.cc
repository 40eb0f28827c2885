// See nccl_communicator.h. One thread at a time is inside NCCL: the one that makes calls, or, when there is none, the one that aborts.
#include "engine/collective/nccl/nccl_communicator.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "engine/errors.h"

namespace lossmith {

using Clock = std::chrono::steady_clock;
using nccl::ncclDataType_t;
using nccl::ncclRedOp_t;
using nccl::ncclResult_t;

namespace {

constexpr int kSpins = 1000;  // looks before the waiting thread begins to sleep: most waits are shorter than a sleep
constexpr std::chrono::microseconds kSleep(50);

nccl::cudaStream_t streamOf(Stream& stream) { return static_cast<nccl::cudaStream_t>(stream.handle()); }

}  // namespace

nccl::ncclUniqueId createNcclId() {
  nccl::ncclUniqueId id;
  const ncclResult_t result = nccl::api().ncclGetUniqueId(&id);
  if (result != nccl::ncclSuccess) {
    throw transientError("collective-broken", std::string("[nccl] wanted a unique id, got ") + nccl::api().ncclGetErrorString(result) + ": " +
                                                  nccl::api().ncclGetLastError(nullptr));
  }
  return id;
}

size_t sizeOf(ncclDataType_t type) {
  switch (type) {
    case nccl::ncclInt8:
    case nccl::ncclUint8:
      return 1;
    case nccl::ncclFloat16:
    case nccl::ncclBfloat16:
      return 2;
    case nccl::ncclInt32:
    case nccl::ncclUint32:
    case nccl::ncclFloat32:
      return 4;
    case nccl::ncclInt64:
    case nccl::ncclUint64:
    case nccl::ncclFloat64:
      return 8;
  }
  return 0;
}

// The right to be inside NCCL: while one thread has it, abort() only leaves word.
class NcclCommunicator::Using {
 public:
  explicit Using(NcclCommunicator& owner) : owner_(owner) {
    std::lock_guard lock(owner.mutex_);
    if (owner.closed_) throw brokenError("closed", "[nccl] wanted an open communicator, got a closed one");
    if (owner.aborted_) throw transientError("collective-broken", "[nccl] aborted");
    owner.busy_ = true;
  }
  ~Using() {
    std::lock_guard lock(owner_.mutex_);
    owner_.busy_ = false;
    if (owner_.aborted_) owner_.kill();  // word that came too late to be seen inside
  }

 private:
  NcclCommunicator& owner_;
};

NcclCommunicator::NcclCommunicator(Device& device, int rank, int world, std::chrono::milliseconds timeout)
    : api_(nccl::api()), device_(device), rank_(rank), world_(world), timeout_(timeout), done_(device) {
  if (world < 1 || rank < 0 || rank >= world) {
    throw configError("collective-rank", "[nccl] wanted 0 ≤ rank < world, got rank " + std::to_string(rank) + " of " + std::to_string(world));
  }
  if (device.emulated() && std::getenv("LOSSMITH_NCCL") == nullptr) {
    throw configError("nccl-emulated", "[nccl] wanted a GPU, or a mock of NCCL named by LOSSMITH_NCCL, got an emulated device and " + api_.path);
  }
}

NcclCommunicator::~NcclCommunicator() {
  std::lock_guard lock(mutex_);
  kill();
}

// Called under the mutex, by a thread that is alone.
void NcclCommunicator::kill() {
  aborted_ = true;
  if (comm_ != nullptr) api_.ncclCommAbort(std::exchange(comm_, nullptr));
}

std::string NcclCommunicator::where(const char* call) const {
  return "[nccl] rank " + std::to_string(rank_) + " of " + std::to_string(world_) + ", " + call + ": ";
}

// Whatever goes wrong inside ends the communicator: the ranks no longer agree on what comes next.
template <class Body>
void NcclCommunicator::guarded(const char* call, Body body) {
  Using use(*this);
  try {
    device_.use();
    if (comm_ == nullptr) throw brokenError("collective-unconnected", where(call) + "wanted a connected communicator, got one that is not");
    body();
  } catch (...) {
    aborted_ = true;
    throw;
  }
}

void NcclCommunicator::check(ncclResult_t result, const char* call) {
  if (result == nccl::ncclSuccess) return;
  if (result == nccl::ncclInProgress) {
    in_progress_ = true;
    return;
  }
  const char* last = api_.ncclGetLastError(comm_);
  const std::string message = where(call) + api_.ncclGetErrorString(result) + (last == nullptr || *last == 0 ? "" : std::string(": ") + last);
  const bool refused = result == nccl::ncclInvalidArgument || result == nccl::ncclInvalidUsage;
  throw refused ? brokenError("nccl-error", message) : transientError("collective-broken", message);
}

template <class Done>
void NcclCommunicator::pollUntil(Clock::time_point deadline, const char* call, Done done) {
  for (int looks = 0; !done(); looks++) {
    if (aborted_ || (lost_ && lost_())) throw transientError("collective-broken", where(call) + "aborted");
    if (Clock::now() > deadline) {
      throw transientError("collective-timeout", where(call) + "wanted the other ranks before the deadline, they did not come");
    }
    if (looks < kSpins) std::this_thread::yield();
    else std::this_thread::sleep_for(kSleep);
  }
}

// Until NCCL has enqueued what it was given; its work may still be on its way then.
void NcclCommunicator::settleUntil(Clock::time_point deadline, const char* call) {
  if (!in_progress_) return;
  pollUntil(deadline, call, [&] {
    ncclResult_t state = nccl::ncclSuccess;
    in_progress_ = false;
    check(api_.ncclCommGetAsyncError(comm_, &state), call);
    check(state, call);
    return !in_progress_;
  });
}

void NcclCommunicator::connect(const nccl::ncclUniqueId& id, std::chrono::milliseconds timeout) {
  Using use(*this);
  try {
    device_.use();
    if (comm_ != nullptr) throw brokenError("collective-unconnected", where("connect") + "wanted a new communicator, got a connected one");
    nccl::ncclConfig_t config;  // not blocking
    check(api_.ncclCommInitRankConfig(&comm_, world_, id, rank_, &config), "connect");
    settleUntil(Clock::now() + timeout, "connect");
  } catch (...) {
    aborted_ = true;
    throw;
  }
}

// One call, alone or in the group that is being made.
void NcclCommunicator::enqueue(const char* call, const std::function<ncclResult_t()>& body) {
  if (grouped_) return check(body(), call);
  guarded(call, [&] {
    settleUntil(deadline_, call);
    deadline_ = Clock::now() + timeout_;
    check(body(), call);
    settleUntil(deadline_, call);
  });
}

void NcclCommunicator::allReduce(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op, Stream& stream) {
  enqueue("allReduce", [&] { return api_.ncclAllReduce(from, to, count, type, op, comm_, streamOf(stream)); });
}

void NcclCommunicator::reduce(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op, int root, Stream& stream) {
  enqueue("reduce", [&] { return api_.ncclReduce(from, to, count, type, op, root, comm_, streamOf(stream)); });
}

void NcclCommunicator::reduceScatter(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op, Stream& stream) {
  enqueue("reduceScatter", [&] { return api_.ncclReduceScatter(from, to, count, type, op, comm_, streamOf(stream)); });
}

void NcclCommunicator::broadcast(const void* from, void* to, size_t count, ncclDataType_t type, int root, Stream& stream) {
  enqueue("broadcast", [&] { return api_.ncclBroadcast(from, to, count, type, root, comm_, streamOf(stream)); });
}

void NcclCommunicator::allGather(const void* from, void* to, size_t count, ncclDataType_t type, Stream& stream) {
  enqueue("allGather", [&] { return api_.ncclAllGather(from, to, count, type, comm_, streamOf(stream)); });
}

void NcclCommunicator::send(const void* from, size_t count, ncclDataType_t type, int peer, Stream& stream) {
  enqueue("send", [&] { return api_.ncclSend(from, count, type, peer, comm_, streamOf(stream)); });
}

void NcclCommunicator::receive(void* to, size_t count, ncclDataType_t type, int peer, Stream& stream) {
  enqueue("receive", [&] { return api_.ncclRecv(to, count, type, peer, comm_, streamOf(stream)); });
}

void NcclCommunicator::allGatherV(const void* mine, const std::vector<size_t>& sizes, void* all, Stream& stream) {
  if (std::adjacent_find(sizes.begin(), sizes.end(), std::not_equal_to<>()) == sizes.end()) {
    if (sizes[0] > 0) allGather(mine, all, sizes[0], nccl::ncclUint8, stream);
    return;
  }
  const auto broadcasts = [&] {
    char* to = static_cast<char*>(all);
    for (int root = 0; root < world_; root++) {
      if (sizes[root] > 0) broadcast(root == rank_ ? mine : to, to, sizes[root], nccl::ncclUint8, root, stream);
      to += sizes[root];
    }
  };
  if (grouped_) broadcasts();
  else group(broadcasts);
}

void NcclCommunicator::allToAllV(const std::vector<std::pair<const void*, size_t>>& send, const std::vector<std::pair<void*, size_t>>& receive,
                                 Stream& stream) {
  const auto pairs = [&] {
    // Peers in a rotated order, so that not all ranks begin with rank 0.
    for (int step = 0; step < world_; step++) {
      const int to = (rank_ + step) % world_, from = (rank_ + world_ - step) % world_;
      if (send[to].second > 0) this->send(send[to].first, send[to].second, nccl::ncclUint8, to, stream);
      if (receive[from].second > 0) this->receive(receive[from].first, receive[from].second, nccl::ncclUint8, from, stream);
    }
  };
  if (grouped_) pairs();
  else group(pairs);
}

void NcclCommunicator::begin(const std::function<void()>& calls) {
  guarded("group", [&] {
    settleUntil(deadline_, "group");
    deadline_ = Clock::now() + timeout_;
    check(api_.ncclGroupStart(), "group");
    grouped_ = true;
    try {
      calls();
    } catch (...) {
      grouped_ = false;
      api_.ncclGroupEnd();  // or this thread's next call would belong to the group
      throw;
    }
    grouped_ = false;
    check(api_.ncclGroupEnd(), "group");
  });
}

void NcclCommunicator::settle() {
  guarded("group", [&] { settleUntil(deadline_, "group"); });
}

void NcclCommunicator::group(const std::function<void()>& calls) {
  begin(calls);
  settle();
}

void NcclCommunicator::wait(Stream& stream) {
  guarded("wait", [&] {
    settleUntil(deadline_, "wait");
    done_.record(stream);
    pollUntil(Clock::now() + timeout_, "wait", [&] {
      ncclResult_t state = nccl::ncclSuccess;
      check(api_.ncclCommGetAsyncError(comm_, &state), "wait");
      check(state, "wait");
      return done_.done();
    });
  });
}

void NcclCommunicator::close() {
  {
    std::lock_guard lock(mutex_);
    if (closed_ || aborted_ || comm_ == nullptr) {
      closed_ = true;
      return;
    }
  }
  try {
    guarded("close", [&] {
      settleUntil(deadline_, "close");
      check(api_.ncclCommFinalize(comm_), "close");
      settleUntil(Clock::now() + timeout_, "close");
      api_.ncclCommDestroy(std::exchange(comm_, nullptr));
    });
  } catch (const Error&) {
    // Another rank is gone: this one was aborted, which frees as much.
  }
  std::lock_guard lock(mutex_);
  closed_ = true;
}

void NcclCommunicator::abort() {
  std::lock_guard lock(mutex_);
  aborted_ = true;
  if (!busy_) kill();
}

}  // namespace lossmith
