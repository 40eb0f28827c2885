// See gloo_collective.h.
#include "engine/collective/gloo_collective.h"

#include <gloo/common/error.h>
#include <gloo/transport/context.h>
#include <gloo/transport/pair.h>
#include <gloo/transport/tcp/device.h>
#include <gloo/transport/unbound_buffer.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "engine/errors.h"

namespace lossmith {
namespace {

using Clock = std::chrono::steady_clock;
using gloo::transport::UnboundBuffer;

class GlooCollective final : public Collective {
 public:
  GlooCollective(const std::string& host, int rank, int world, std::chrono::milliseconds timeout) : rank_(rank), world_(world), timeout_(timeout) {
    if (world == 1) return;
    try {
      gloo::transport::tcp::attr attr(host.c_str());
      device_ = gloo::transport::tcp::CreateDevice(attr);
    } catch (const std::exception& error) {
      throw configError("collective-host", "[collective] wanted an address of this machine, got " + host + ": " + error.what());
    }
  }
  ~GlooCollective() override { close(); }

  int rank() const override { return rank_; }
  int world() const override { return world_; }
  std::chrono::milliseconds timeout() const override { return timeout_; }

  Bytes prepare() override {
    if (world_ == 1) return {};
    return guarded([&] {
      context_ = device_->createContext(rank_, world_);
      // Gloo waits five times as long for a connection as for a message.
      context_->setTimeout(std::max(timeout_ / 5, std::chrono::milliseconds(1)));
      Bytes addresses;
      for (int peer = 0; peer < world_; peer++) {
        if (peer == rank_) continue;
        auto& pair = context_->createPair(peer);
        pair->setLocalRank(0);
        const Bytes address = pair->address().bytes();
        addresses.insert(addresses.end(), address.begin(), address.end());
      }
      return addresses;
    });
  }

  void connect(const std::vector<Bytes>& addresses) override {
    checkAddresses(addresses);
    if (world_ == 1) return;
    guarded([&] {
      const Clock::time_point deadline = Clock::now() + timeout_;
      for (int peer = 0; peer < world_; peer++) {
        if (peer == rank_) continue;
        const size_t size = addresses[peer].size() / (world_ - 1), from = size * (rank_ > peer ? rank_ - 1 : rank_);
        context_->getPair(peer)->connect(Bytes(addresses[peer].begin() + from, addresses[peer].begin() + from + size));
        throwIfAborted();
        // Gloo's deadline is for one peer, ours for all.
        if (Clock::now() > deadline) throw std::runtime_error("connected " + std::to_string(peer + 1) + " of " + std::to_string(world_) + " ranks");
      }
      return 0;
    });
    connected_ = true;
  }

  void begin(const Sends& send, const Receives& receive) override {
    if (send[rank_].second > 0) std::memmove(receive[rank_].first, send[rank_].first, send[rank_].second);
    if (world_ == 1) return;
    if (!connected_) throw transientError("collective-broken", "[collective] wanted a connected collective, got one that is not or no longer");
    guarded([&] {
      throwIfAborted();  // a closed pair would use its descriptor, which is another's by now
      deadline_ = Clock::now() + timeout_;
      // Peers in a rotated order, so that not all ranks send to rank 0 first.
      for (int step = 1; step < world_; step++) {
        const int to = (rank_ + step) % world_, from = (rank_ + world_ - step) % world_;
        if (receive[from].second > 0) {
          posted_.receiving.push_back(context_->createUnboundBuffer(receive[from].first, receive[from].second));
          posted_.receiving.back()->recv(from, tag_);
        }
        if (send[to].second > 0) {
          posted_.sending.push_back(context_->createUnboundBuffer(const_cast<void*>(send[to].first), send[to].second));
          posted_.sending.back()->send(to, tag_);
        }
      }
      tag_++;
      return 0;
    });
  }

  void finish() override {
    if (world_ == 1) return;
    const Posted posted = std::exchange(posted_, {});
    guarded([&] {
      Waiting waiting(*this, posted);
      for (auto& buffer : posted.receiving) waitUntil(deadline_, [&](auto rest) { return buffer->waitRecv(nullptr, rest); });
      for (auto& buffer : posted.sending) waitUntil(deadline_, [&](auto rest) { return buffer->waitSend(nullptr, rest); });
      return 0;
    });
  }

  void abort() override {
    std::lock_guard lock(mutex_);
    aborted_ = true;
    if (awaited_ == nullptr) {
      shutPairs();  // a rank that waits in connect wakes
      return;
    }
    for (auto& buffer : awaited_->receiving) buffer->abortWaitRecv();
    for (auto& buffer : awaited_->sending) buffer->abortWaitSend();
  }

  bool aborted() const override {
    std::lock_guard lock(mutex_);
    return aborted_;
  }

  void close() override {
    abort();
    std::lock_guard lock(mutex_);
    if (awaited_ == nullptr) shutPairs();
  }

 private:
  struct Posted {
    std::vector<std::unique_ptr<UnboundBuffer>> receiving, sending;
  };

  // While a call waits, abort() knows what it waits for.
  struct Waiting {
    Waiting(GlooCollective& owner, const Posted& posted) : owner(owner) {
      std::lock_guard lock(owner.mutex_);
      owner.throwIfAbortedLocked();
      owner.awaited_ = &posted;
    }
    ~Waiting() {
      std::lock_guard lock(owner.mutex_);
      owner.awaited_ = nullptr;
    }
    GlooCollective& owner;
  };

  template <class Wait>
  void waitUntil(Clock::time_point deadline, Wait wait) {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (!wait(std::max(rest, std::chrono::milliseconds(1)))) throw transientError("collective-broken", "[collective] aborted");
  }

  // After an exception the context is never used again; closing its pairs tells the other ranks.
  template <class Body>
  auto guarded(Body body) -> decltype(body()) {
    const Clock::time_point begin = Clock::now();
    try {
      return body();
    } catch (const Error&) {
      fail();
      throw;
    } catch (const std::exception& error) {
      fail();
      const bool late = Clock::now() - begin >= timeout_ - std::chrono::milliseconds(2);
      const std::string where = "[collective] rank " + std::to_string(rank_) + " of " + std::to_string(world_) + ": ";
      if (late) throw transientError("collective-timeout", where + "waited " + std::to_string(timeout_.count()) + " ms: " + error.what());
      throw transientError("collective-broken", where + error.what());
    }
  }

  void fail() {
    connected_ = false;
    std::lock_guard lock(mutex_);
    aborted_ = true;
    shutPairs();
  }

  void shutPairs() {
    if (!context_) return;
    for (int peer = 0; peer < world_; peer++) {
      auto& pair = context_->getPair(peer);
      if (peer != rank_ && pair) pair->close();
    }
  }

  void throwIfAborted() {
    std::lock_guard lock(mutex_);
    throwIfAbortedLocked();
  }
  void throwIfAbortedLocked() {
    if (aborted_) throw transientError("collective-broken", "[collective] aborted");
  }

  void checkAddresses(const std::vector<Bytes>& addresses) const {
    bool good = static_cast<int>(addresses.size()) == world_ && (world_ == 1 || context_ != nullptr);
    size_t size = 0;
    for (int peer = 0; good && peer < world_; peer++) {
      if (peer == rank_ || world_ == 1) continue;
      if (size == 0) size = addresses[peer].size();
      good = addresses[peer].size() == size && size > 0 && size % (world_ - 1) == 0;
    }
    if (!good) {
      throw configError("collective-addresses", "[connect] wanted what prepare gave on each of " + std::to_string(world_) + " ranks, got " +
                                                    std::to_string(addresses.size()) + " addresses that are not");
    }
  }

  const int rank_, world_;
  const std::chrono::milliseconds timeout_;
  std::shared_ptr<gloo::transport::Device> device_;
  std::shared_ptr<gloo::transport::Context> context_;
  bool connected_ = false;
  uint64_t tag_ = 1;
  Clock::time_point deadline_;
  Posted posted_;  // begun and not finished
  mutable std::mutex mutex_;
  bool aborted_ = false;
  const Posted* awaited_ = nullptr;
};

}  // namespace

std::unique_ptr<Collective> createGlooCollective(const std::string& host, int rank, int world, std::chrono::milliseconds timeout) {
  if (world < 1 || rank < 0 || rank >= world) {
    throw configError("collective-rank", "[collective] wanted 0 ≤ rank < world, got rank " + std::to_string(rank) + " of " + std::to_string(world));
  }
  return std::make_unique<GlooCollective>(host, rank, world, timeout);
}

}  // namespace lossmith
