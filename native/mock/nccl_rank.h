// A rank of the mock: its connections to the others, and the thread that does its work.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "nccl.h"
#include "nccl_calls.h"

#ifndef MOCK_NCCL_COMM
#define MOCK_NCCL_COMM ncclComm
#endif

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
