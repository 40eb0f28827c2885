// What ranks can do together. Point-to-point patterns only: sums over ranks are ours (exchange.h), because a library's own
// all-reduce adds in an order that depends on the world. Sizes are agreed before a payload is sent. Every call has the deadline
// of its construction and throws Error(Transient, "collective-broken" | "collective-timeout"); after that the object is of no use.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace lossmith {

using Bytes = std::vector<char>;
using Sends = std::vector<std::pair<const void*, size_t>>;  // by rank
using Receives = std::vector<std::pair<void*, size_t>>;     // by rank

class Collective {
 public:
  virtual ~Collective() = default;
  virtual int rank() const = 0;
  virtual int world() const = 0;
  virtual std::chrono::milliseconds timeout() const = 0;  // the deadline of its construction

  // Phase one and two of connecting: an address blob for the others; then everybody's, by rank.
  virtual Bytes prepare() = 0;
  virtual void connect(const std::vector<Bytes>& addresses) = 0;

  // All to all in two halves, so that work can be done between them: send[r] goes to rank r, receive[r] comes from it, in the size that
  // rank r sends. The memory must stay as it is until finish returns, and nothing else may be called before.
  virtual void begin(const Sends& send, const Receives& receive) = 0;
  virtual void finish() = 0;

  void allToAll(const Sends& send, const Receives& receive) {
    begin(send, receive);
    finish();
  }
  // Rank r's bytes, by rank, sizes known to all: sizes[r]; `all` holds them one behind the other.
  void beginAllGatherV(const void* mine, const std::vector<size_t>& sizes, void* all) {
    Receives receive;
    char* to = static_cast<char*>(all);
    for (size_t size : sizes) {
      receive.emplace_back(to, size);
      to += size;
    }
    begin(Sends(world(), {mine, sizes[rank()]}), receive);
  }
  void allGatherV(const void* mine, const std::vector<size_t>& sizes, void* all) {
    beginAllGatherV(mine, sizes, all);
    finish();
  }
  // Every rank's bytes, by rank. All ranks must pass the same size.
  void allGather(const void* mine, size_t bytes, void* all) { allGatherV(mine, std::vector<size_t>(world(), bytes), all); }

  // From any thread: wakes a blocked call by shutting the sockets.
  virtual void abort() = 0;
  // From any thread: it is of no use any more. For those who wait for the same ranks in another way.
  virtual bool aborted() const = 0;
  virtual void close() = 0;
};

}  // namespace lossmith
