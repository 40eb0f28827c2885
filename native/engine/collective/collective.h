// What ranks can do together. Point-to-point patterns only: sums over ranks are ours (exchange.h), because a library's own
// all-reduce adds in an order that depends on the world. Sizes are agreed before a payload is sent. Every call has the deadline
// of its construction and throws Error(Transient, "collective-broken" | "collective-timeout"); after that the object is of no use.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace lossmith {

using Bytes = std::vector<char>;

class Collective {
 public:
  virtual ~Collective() = default;
  virtual int rank() const = 0;
  virtual int world() const = 0;

  // Phase one and two of connecting: an address blob for the others; then everybody's, by rank.
  virtual Bytes prepare() = 0;
  virtual void connect(const std::vector<Bytes>& addresses) = 0;

  // Every rank's bytes, by rank. All ranks must pass the same size.
  virtual void allGather(const void* mine, size_t bytes, void* all) = 0;
  // send[r] goes to rank r; received[r] comes from it. receive_sizes[r] must be what rank r sends to us.
  virtual void allToAll(const std::vector<std::pair<const void*, size_t>>& send, const std::vector<std::pair<void*, size_t>>& receive) = 0;
  // Rank r's bytes, by rank, sizes known to all: sizes[r]; `all` holds them one behind the other.
  virtual void allGatherV(const void* mine, const std::vector<size_t>& sizes, void* all) = 0;

  // From any thread: wakes a blocked call by shutting the sockets.
  virtual void abort() = 0;
  virtual void close() = 0;
};

}  // namespace lossmith
