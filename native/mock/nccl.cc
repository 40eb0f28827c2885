// A libnccl.so.2 for tests: the calls that the engine makes, on host memory, between processes and between threads. Ranks meet at abstract
// unix sockets that the unique id names. It is stricter than NCCL where NCCL hangs or reads astray: sizes, types and roots of all ranks must
// agree, and a communicator that has work in progress takes no other call. Like NCCL it does nothing in the caller's thread when it is not
// blocking: a call says ncclInProgress, and ncclCommGetAsyncError what became of it.
//   MOCK_NCCL_VERSION   what ncclGetVersion says
//   MOCK_NCCL_LOG       a file that gets a line for each call: `name rank`
//   MOCK_NCCL_CONTROL   a file with lines `fail|hang|async name rank`: that call of that rank is refused, never ends, or fails later
#include "nccl.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "nccl_calls.h"
#include "nccl_rank.h"

namespace {

constexpr char kPrefix[] = "mock-nccl-";

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
