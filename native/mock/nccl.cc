// A libnccl.so.2 for tests: the calls that the engine makes, on host memory, between processes and between threads. Ranks meet at abstract
// unix sockets that the unique id names. It is stricter than NCCL where NCCL hangs or reads astray: sizes, types and roots of all ranks must
// agree, and a communicator that has work in progress takes no other call. Like NCCL it does nothing in the caller's thread when it is not
// blocking: a call says ncclInProgress, and ncclCommGetAsyncError what became of it.
//   MOCK_NCCL_VERSION   what ncclGetVersion says
//   MOCK_NCCL_LOG       a file that gets a line for each call: `name rank`
//   MOCK_NCCL_CONTROL   a file with lines `fail|hang|async name rank`: that call of that rank is refused, never ends, or fails later
#include "nccl.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#ifndef MOCK_NCCL_COMM
#define MOCK_NCCL_COMM ncclComm
#endif

namespace {

constexpr char kPrefix[] = "mock-nccl-";

enum class Kind : int32_t { AllReduce, Reduce, Broadcast, AllGather, ReduceScatter, Send, Receive, Finalize };

struct Call {
  Kind kind;
  const void* send;
  void* receive;
  size_t count;
  int32_t type, op, peer;  // peer: or root
};

// What goes before each payload: both sides must mean the same.
struct Header {
  int32_t kind, type, op, root;
  uint64_t count, bytes;
};

size_t sizeOf(int32_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
      return 1;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
      return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64:
      return 8;
    default:
      return 0;
  }
}

template <class T>
void combine(int32_t op, T* into, const T* from, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (op == ncclSum || op == ncclAvg) into[i] = static_cast<T>(into[i] + from[i]);
    if (op == ncclProd) into[i] = static_cast<T>(into[i] * from[i]);
    if (op == ncclMax) into[i] = std::max(into[i], from[i]);
    if (op == ncclMin) into[i] = std::min(into[i], from[i]);
  }
}

template <class T>
void divide(T* values, int world, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = static_cast<T>(values[i] / static_cast<T>(world));
}

// Calls body with a value of the type; false for the types of 16 bits, which no test adds.
template <class Body>
bool withType(int32_t type, Body body) {
  switch (type) {
    case ncclInt8:
      return body(int8_t()), true;
    case ncclUint8:
      return body(uint8_t()), true;
    case ncclInt32:
      return body(int32_t()), true;
    case ncclUint32:
      return body(uint32_t()), true;
    case ncclInt64:
      return body(int64_t()), true;
    case ncclUint64:
      return body(uint64_t()), true;
    case ncclFloat32:
      return body(float()), true;
    case ncclFloat64:
      return body(double()), true;
    default:
      return false;
  }
}

// Adds the parts of all ranks in the order of ranks.
void reduceParts(const std::vector<const char*>& parts, int32_t type, int32_t op, size_t count, void* out) {
  withType(type, [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> sum(count);
    if (count > 0) std::memcpy(sum.data(), parts[0], count * sizeof(T));
    for (size_t i = 1; i < parts.size(); i++) combine(op, sum.data(), reinterpret_cast<const T*>(parts[i]), count);
    if (op == ncclAvg) divide(sum.data(), static_cast<int>(parts.size()), count);
    if (count > 0) std::memcpy(out, sum.data(), count * sizeof(T));
  });
}

void log(const char* name, int rank) {
  if (const char* path = std::getenv("MOCK_NCCL_LOG")) std::ofstream(path, std::ios::app) << name << " " + std::to_string(rank) + "\n";
}

std::string controlOf(const char* name, int rank) {
  log(name, rank);
  const char* path = std::getenv("MOCK_NCCL_CONTROL");
  std::ifstream file(path == nullptr ? "" : path);
  std::string action, call;
  for (int whose; file >> action >> call >> whose;)
    if (call == name && whose == rank) return action;
  return "";
}

}  // namespace

struct MOCK_NCCL_COMM {
  int rank = 0, world = 1;
  bool blocking = true, finalized = false;
  std::string name;
  std::vector<int> sockets;  // by peer
  int listener = -1, wake = -1;
  std::thread worker;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<ncclResult_t()>> tasks;
  size_t pending = 0;
  bool stopping = false;
  ncclResult_t failure = ncclSuccess;
  std::string lastError;

  ncclResult_t state() {
    std::lock_guard lock(mutex);
    return failure != ncclSuccess ? failure : pending > 0 ? ncclInProgress : ncclSuccess;
  }
  bool stopped() {
    std::lock_guard lock(mutex);
    return stopping;
  }
  ncclResult_t fail(ncclResult_t result, const std::string& why) {
    std::lock_guard lock(mutex);
    lastError = why;
    return result;
  }

  void start() {
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sockets.assign(world, -1);
    worker = std::thread([this] {
      for (;;) {
        std::function<ncclResult_t()> task;
        {
          std::unique_lock lock(mutex);
          changed.wait(lock, [&] { return stopping || !tasks.empty(); });
          if (stopping) return;
          task = std::move(tasks.front());
          tasks.pop_front();
        }
        const ncclResult_t result = task();
        std::lock_guard lock(mutex);
        if (failure == ncclSuccess) failure = result;
        pending--;
        changed.notify_all();
      }
    });
  }

  ncclResult_t submit(std::function<ncclResult_t()> task) {
    std::unique_lock lock(mutex);
    if (failure != ncclSuccess) return failure;
    if (pending > 0) {
      lastError = "a call on a communicator that has work in progress";
      return ncclInvalidArgument;
    }
    pending++;
    tasks.push_back(std::move(task));
    changed.notify_all();
    if (!blocking) return ncclInProgress;
    changed.wait(lock, [&] { return pending == 0; });
    return failure;
  }

  void stop() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
      changed.notify_all();
    }
    const uint64_t one = 1;
    if (write(wake, &one, sizeof one) < 0) std::perror("mock nccl");
    worker.join();
    for (int socket : sockets)
      if (socket >= 0) close(socket);
    if (listener >= 0) close(listener);
    close(wake);
  }

  ncclResult_t connectAll();
  ncclResult_t run(const std::vector<Call>& calls);
  ncclResult_t move(std::vector<std::vector<char>>& outgoing, std::vector<std::vector<char>>& incoming);
  ncclResult_t hang() {
    while (!stopped()) usleep(1000);
    return ncclInternalError;
  }
};

namespace {

sockaddr_un addressOf(const std::string& name, int rank, socklen_t& length) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = name + "-" + std::to_string(rank);
  std::memcpy(address.sun_path + 1, path.data(), path.size());  // abstract: no file
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + path.size());
  return address;
}

// Which peer's payload a call brings, and of how many bytes.
struct Part {
  size_t call;
  int peer;
  Header header;
};

// What a rank sends to a peer for one call; bytes 0 and send null: nothing at all.
bool outgoingOf(const Call& call, int rank, int peer, Header& header, const char*& data) {
  const size_t bytes = call.count * sizeOf(call.type);
  header = {static_cast<int32_t>(call.kind), call.type, call.op, call.peer, call.count, bytes};
  data = static_cast<const char*>(call.send);
  switch (call.kind) {
    case Kind::AllReduce:
    case Kind::AllGather:
      return true;
    case Kind::ReduceScatter:
      data += bytes * peer;
      return true;
    case Kind::Reduce:
      return peer == call.peer;
    case Kind::Broadcast:
      return rank == call.peer;
    case Kind::Send:
      header.root = 0;
      return peer == call.peer;
    case Kind::Receive:
      return false;
    case Kind::Finalize:
      return true;
  }
  return false;
}

bool incomingOf(const Call& call, int rank, int peer, Header& header) {
  header = {static_cast<int32_t>(call.kind), call.type, call.op, call.peer, call.count, call.count * sizeOf(call.type)};
  switch (call.kind) {
    case Kind::Reduce:
      return rank == call.peer;
    case Kind::Broadcast:
      return peer == call.peer;
    case Kind::Send:
      return false;
    case Kind::Receive:
      header.kind = static_cast<int32_t>(Kind::Send);
      header.root = 0;
      return peer == call.peer;
    default:
      return true;
  }
}

void apply(const Call& call, int rank, const std::vector<const char*>& parts) {
  const size_t bytes = call.count * sizeOf(call.type);
  char* out = static_cast<char*>(call.receive);
  switch (call.kind) {
    case Kind::AllReduce:
    case Kind::ReduceScatter:
      return reduceParts(parts, call.type, call.op, call.count, out);
    case Kind::Reduce:
      if (rank == call.peer) reduceParts(parts, call.type, call.op, call.count, out);
      return;
    case Kind::AllGather:
      for (size_t peer = 0; peer < parts.size() && bytes > 0; peer++) std::memcpy(out + peer * bytes, parts[peer], bytes);
      return;
    case Kind::Broadcast:
    case Kind::Receive:
      if (bytes > 0) std::memcpy(out, parts[call.peer], bytes);
      return;
    case Kind::Send:
    case Kind::Finalize:
      return;
  }
}

}  // namespace

// Each rank listens for those above it and connects to those below it.
ncclResult_t ncclComm::connectAll() {
  socklen_t length;
  for (int below = 0; below < rank; below++) {
    const sockaddr_un address = addressOf(name, below, length);
    for (;;) {
      const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (connect(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0) {
        const int32_t me[2] = {rank, world};
        if (write(fd, me, sizeof me) != sizeof me) return fail(ncclSystemError, "a peer left while connecting");
        sockets[below] = fd;
        break;
      }
      close(fd);
      if (stopped()) return ncclInternalError;
      usleep(1000);
    }
  }
  for (int above = rank + 1; above < world; above++) {
    pollfd waiting[2] = {{listener, POLLIN, 0}, {wake, POLLIN, 0}};
    while (poll(waiting, 2, 100) >= 0 && !(waiting[0].revents & POLLIN))
      if (stopped()) return ncclInternalError;
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    int32_t who[2] = {-1, -1};
    if (read(fd, who, sizeof who) != sizeof who || who[0] <= rank || who[0] >= world || who[1] != world || sockets[who[0]] >= 0) {
      return fail(ncclInvalidUsage, "ranks that do not fit into the world");
    }
    sockets[who[0]] = fd;
  }
  // A peer may have been connected to without being there.
  std::vector<std::vector<char>> outgoing(world, std::vector<char>(1)), incoming = outgoing;
  return move(outgoing, incoming);
}

// Sends and receives until every buffer is through.
ncclResult_t ncclComm::move(std::vector<std::vector<char>>& outgoing, std::vector<std::vector<char>>& incoming) {
  std::vector<size_t> sent(world), received(world);
  for (;;) {
    std::vector<pollfd> waiting = {{wake, POLLIN, 0}};
    std::vector<int> peers = {-1};
    for (int peer = 0; peer < world; peer++) {
      const short wants =
          static_cast<short>((sent[peer] < outgoing[peer].size() ? POLLOUT : 0) | (received[peer] < incoming[peer].size() ? POLLIN : 0));
      if (peer == rank || wants == 0) continue;
      waiting.push_back({sockets[peer], wants, 0});
      peers.push_back(peer);
    }
    if (waiting.size() == 1) return ncclSuccess;
    poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) return fail(ncclInternalError, "aborted");
    for (size_t i = 1; i < waiting.size(); i++) {
      const int peer = peers[i];
      ssize_t moved = 1;
      if (waiting[i].revents & POLLOUT) {
        moved = ::send(sockets[peer], outgoing[peer].data() + sent[peer], outgoing[peer].size() - sent[peer], MSG_NOSIGNAL | MSG_DONTWAIT);
        if (moved > 0) sent[peer] += moved;
      }
      if (moved > 0 && waiting[i].revents & (POLLIN | POLLHUP | POLLERR)) {
        moved = recv(sockets[peer], incoming[peer].data() + received[peer], incoming[peer].size() - received[peer], MSG_DONTWAIT);
        if (moved > 0) received[peer] += moved;
        if (moved == 0 && received[peer] < incoming[peer].size())
          return fail(ncclRemoteError, "rank " + std::to_string(peer) + " closed its connection");
      }
      if (moved < 0 && errno != EAGAIN && errno != EINTR)
        return fail(ncclRemoteError, "rank " + std::to_string(peer) + " is gone: " + std::strerror(errno));
    }
  }
}

ncclResult_t ncclComm::run(const std::vector<Call>& calls) {
  std::vector<std::vector<char>> outgoing(world), incoming(world);
  std::vector<std::vector<Part>> parts(world);  // by peer, in order
  for (int peer = 0; peer < world; peer++) {
    for (size_t i = 0; i < calls.size(); i++) {
      Header header;
      const char* data;
      if (outgoingOf(calls[i], rank, peer, header, data)) {
        const char* head = reinterpret_cast<const char*>(&header);
        outgoing[peer].insert(outgoing[peer].end(), head, head + sizeof header);
        if (header.bytes > 0) outgoing[peer].insert(outgoing[peer].end(), data, data + header.bytes);
      }
      if (incomingOf(calls[i], rank, peer, header)) {
        parts[peer].push_back({i, peer, header});
        incoming[peer].resize(incoming[peer].size() + sizeof header + header.bytes);
      }
    }
  }
  if (outgoing[rank].size() != incoming[rank].size()) return fail(ncclInvalidUsage, "a send to itself without its receive");
  incoming[rank] = outgoing[rank];
  const ncclResult_t moved = move(outgoing, incoming);
  if (moved != ncclSuccess) return moved;

  std::vector<std::vector<const char*>> arrived(calls.size(), std::vector<const char*>(world, nullptr));
  for (int peer = 0; peer < world; peer++) {
    const char* at = incoming[peer].data();
    for (const Part& part : parts[peer]) {
      if (std::memcmp(at, &part.header, sizeof part.header) != 0) {
        return fail(ncclInvalidUsage, "ranks " + std::to_string(rank) + " and " + std::to_string(peer) + " disagree about call, type or count");
      }
      arrived[part.call][peer] = at + sizeof part.header;
      at += sizeof part.header + part.header.bytes;
    }
  }
  for (size_t i = 0; i < calls.size(); i++) apply(calls[i], rank, arrived[i]);
  return ncclSuccess;
}

namespace {

thread_local int group_depth = 0;
thread_local ncclResult_t group_failure = ncclSuccess;
thread_local std::vector<std::pair<ncclComm*, std::vector<Call>>> group_calls;
thread_local std::string group_control;

ncclResult_t submitCalls(ncclComm* comm, std::vector<Call> calls, const std::string& control) {
  return comm->submit([comm, calls = std::move(calls), control] {
    if (control == "hang") return comm->hang();
    if (control == "async") return comm->fail(ncclSystemError, "told to fail later");
    return comm->run(calls);
  });
}

ncclResult_t add(const char* name, ncclComm* comm, const Call& call) {
  const auto refuse = [&](ncclResult_t result, const char* why) {
    if (group_depth > 0) group_failure = result;
    return comm == nullptr ? result : comm->fail(result, why);
  };
  if (comm == nullptr) return refuse(ncclInvalidArgument, "no communicator");
  const std::string control = controlOf(name, comm->rank);
  if (control == "fail") return refuse(ncclInternalError, "told to fail");
  const bool reduces = call.kind == Kind::AllReduce || call.kind == Kind::Reduce || call.kind == Kind::ReduceScatter;
  if (comm->finalized) return refuse(ncclInvalidUsage, "a finalized communicator");
  if (sizeOf(call.type) == 0 || call.op < 0 || call.op > ncclAvg || call.peer < 0 || call.peer >= comm->world) {
    return refuse(ncclInvalidArgument, "a type, operation or rank that is none");
  }
  if (reduces && !withType(call.type, [](auto) {})) return refuse(ncclInvalidArgument, "the mock adds no numbers of 16 bits");
  if (call.count > 0 && ((call.kind != Kind::Receive && call.kind != Kind::Broadcast && call.send == nullptr) ||
                         (call.kind == Kind::Receive && call.receive == nullptr))) {
    return refuse(ncclInvalidArgument, "a null buffer");
  }
  if (group_depth == 0) return submitCalls(comm, {call}, control);
  if (!control.empty()) group_control = control;
  const auto same = std::find_if(group_calls.begin(), group_calls.end(), [&](const auto& each) { return each.first == comm; });
  if (same != group_calls.end()) same->second.push_back(call);
  else group_calls.push_back({comm, {call}});
  return ncclSuccess;
}

ncclResult_t initialize(ncclComm_t* out, int world, ncclUniqueId id, int rank, bool blocking) {
  *out = nullptr;
  const std::string control = controlOf("ncclCommInitRankConfig", rank);
  if (control == "fail" || world < 1 || rank < 0 || rank >= world || std::strncmp(id.internal, kPrefix, sizeof kPrefix - 1) != 0)
    return ncclInvalidArgument;
  auto comm = std::make_unique<ncclComm>();
  comm->rank = rank;
  comm->world = world;
  comm->blocking = blocking;
  comm->name = std::string(id.internal, strnlen(id.internal, sizeof id.internal));
  socklen_t length;
  const sockaddr_un address = addressOf(comm->name, rank, length);
  comm->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(comm->listener, reinterpret_cast<const sockaddr*>(&address), length) != 0 || listen(comm->listener, world) != 0) {
    close(comm->listener);
    return ncclInvalidUsage;  // two of one rank
  }
  comm->start();
  *out = comm.release();
  ncclComm* started = *out;
  return started->submit([started, control] {
    if (control == "hang") return started->hang();
    if (control == "async") return started->fail(ncclSystemError, "told to fail later");
    return started->connectAll();
  });
}

ncclResult_t destroy(ncclComm_t comm) {
  if (comm == nullptr) return ncclInvalidArgument;
  comm->stop();
  delete comm;
  return ncclSuccess;
}

}  // namespace

extern "C" {

#define MOCK_API __attribute__((visibility("default")))

MOCK_API ncclResult_t ncclGetVersion(int* version) {
  const char* told = std::getenv("MOCK_NCCL_VERSION");
  *version = told == nullptr ? 23007 : std::atoi(told);
  return ncclSuccess;
}

MOCK_API ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  uint64_t random = 0;
  std::ifstream("/dev/urandom", std::ios::binary).read(reinterpret_cast<char*>(&random), sizeof random);
  std::memset(id->internal, 0, sizeof id->internal);
  std::snprintf(id->internal, sizeof id->internal, "%s%016llx", kPrefix, static_cast<unsigned long long>(random));
  return ncclSuccess;
}

MOCK_API ncclResult_t ncclCommInitRank(ncclComm_t* comm, int world, ncclUniqueId id, int rank) { return initialize(comm, world, id, rank, true); }

MOCK_API ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int world, ncclUniqueId id, int rank, ncclConfig_t* config) {
  // size, magic, version and blocking are the oldest part of the structure; it may end behind them.
  if (config->magic != 0xcafebeef || config->size < 24 || config->version < 21400) return ncclInvalidArgument;
  return initialize(comm, world, id, rank, config->blocking != 0);
}

MOCK_API ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  const Call call = {Kind::Finalize, nullptr, nullptr, 0, ncclInt8, ncclSum, 0};
  const ncclResult_t result = add("ncclCommFinalize", comm, call);
  if (result == ncclSuccess || result == ncclInProgress) comm->finalized = true;
  return result;
}

MOCK_API ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  log("ncclCommDestroy", comm->rank);
  return destroy(comm);
}

MOCK_API ncclResult_t ncclCommAbort(ncclComm_t comm) {
  log("ncclCommAbort", comm->rank);
  return destroy(comm);
}

MOCK_API const char* ncclGetErrorString(ncclResult_t result) {
  static const char* names[] = {"no error",
                                "unhandled cuda error",
                                "unhandled system error",
                                "internal error",
                                "invalid argument",
                                "invalid usage",
                                "remote process exited or there was a network error",
                                "NCCL operation in progress"};
  return result >= 0 && result <= ncclInProgress ? names[result] : "unknown result code";
}

MOCK_API const char* ncclGetLastError(ncclComm_t comm) {
  static thread_local std::string text;
  if (comm == nullptr) return "";
  std::lock_guard lock(comm->mutex);
  text = comm->lastError;
  return text.c_str();
}

MOCK_API ncclResult_t ncclCommCount(const ncclComm_t comm, int* count) {
  *count = comm->world;
  return ncclSuccess;
}
MOCK_API ncclResult_t ncclCommCuDevice(const ncclComm_t, int* device) {
  *device = 0;
  return ncclSuccess;
}
MOCK_API ncclResult_t ncclCommUserRank(const ncclComm_t comm, int* rank) {
  *rank = comm->rank;
  return ncclSuccess;
}

MOCK_API ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* result) {
  *result = comm->state();
  return ncclSuccess;
}

MOCK_API ncclResult_t ncclAllReduce(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op, ncclComm_t comm,
                                    cudaStream_t) {
  return add("ncclAllReduce", comm, {Kind::AllReduce, send, receive, count, type, op, 0});
}
MOCK_API ncclResult_t ncclReduce(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op, int root, ncclComm_t comm,
                                 cudaStream_t) {
  return add("ncclReduce", comm, {Kind::Reduce, send, receive, count, type, op, root});
}
MOCK_API ncclResult_t ncclBroadcast(const void* send, void* receive, size_t count, ncclDataType_t type, int root, ncclComm_t comm, cudaStream_t) {
  return add("ncclBroadcast", comm, {Kind::Broadcast, send, receive, count, type, ncclSum, root});
}
MOCK_API ncclResult_t ncclAllGather(const void* send, void* receive, size_t count, ncclDataType_t type, ncclComm_t comm, cudaStream_t) {
  return add("ncclAllGather", comm, {Kind::AllGather, send, receive, count, type, ncclSum, 0});
}
MOCK_API ncclResult_t ncclReduceScatter(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op, ncclComm_t comm,
                                        cudaStream_t) {
  return add("ncclReduceScatter", comm, {Kind::ReduceScatter, send, receive, count, type, op, 0});
}
MOCK_API ncclResult_t ncclSend(const void* send, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t) {
  return add("ncclSend", comm, {Kind::Send, send, nullptr, count, type, ncclSum, peer});
}
MOCK_API ncclResult_t ncclRecv(void* receive, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t) {
  return add("ncclRecv", comm, {Kind::Receive, nullptr, receive, count, type, ncclSum, peer});
}

MOCK_API ncclResult_t ncclGroupStart() {
  group_depth++;
  return ncclSuccess;
}

MOCK_API ncclResult_t ncclGroupEnd() {
  if (group_depth == 0) return ncclInvalidUsage;
  if (--group_depth > 0) return ncclSuccess;
  const auto calls = std::move(group_calls);
  const std::string control = std::move(group_control);
  ncclResult_t result = std::exchange(group_failure, ncclSuccess);
  group_calls.clear();
  group_control.clear();
  if (result != ncclSuccess) return result;
  for (const auto& [comm, mine] : calls) {
    const ncclResult_t submitted = submitCalls(comm, mine, control);
    if (submitted != ncclSuccess && (result == ncclSuccess || result == ncclInProgress)) result = submitted;
  }
  return result;
}

}  // extern "C"
