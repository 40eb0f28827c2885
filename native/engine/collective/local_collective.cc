// See local_collective.h. Ranks meet at a board of queues, one per (from, to). A rank that aborts, closes or misses a deadline breaks the
// board for all, as a closed connection does.
#include "engine/collective/local_collective.h"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>

#include "engine/errors.h"

namespace lossmith {
namespace {

using Clock = std::chrono::steady_clock;

struct Board {
  explicit Board(int world) : queues(world * world) {}
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::deque<Bytes>> queues;  // from · world + to
  std::string broken;                     // why, once it is
  void fail(const std::string& why) {
    std::lock_guard lock(mutex);
    if (broken.empty()) broken = why;
    changed.notify_all();
  }
};

class LocalCollective final : public Collective {
 public:
  LocalCollective(int rank, int world, std::chrono::milliseconds timeout, std::shared_ptr<Board> board)
      : rank_(rank), world_(world), timeout_(timeout), board_(std::move(board)) {}
  ~LocalCollective() override { close(); }

  int rank() const override { return rank_; }
  int world() const override { return world_; }
  std::chrono::milliseconds timeout() const override { return timeout_; }
  Bytes prepare() override { return Bytes(sizeof(int32_t), static_cast<char>(rank_)); }
  void connect(const std::vector<Bytes>& addresses) override {
    if (static_cast<int>(addresses.size()) != world_) {
      throw configError("collective-addresses", "[connect] wanted " + std::to_string(world_) + " addresses, got " + std::to_string(addresses.size()));
    }
  }

  void begin(const Sends& send, const Receives& receive) override {
    deadline_ = Clock::now() + timeout_;
    receive_ = receive;
    if (send[rank_].second > 0) std::memmove(receive[rank_].first, send[rank_].first, send[rank_].second);
    std::lock_guard lock(board_->mutex);
    if (!board_->broken.empty()) throw transientError("collective-broken", "[collective] " + board_->broken);
    for (int to = 0; to < world_; to++) {
      if (to == rank_) continue;
      const char* bytes = static_cast<const char*>(send[to].first);
      board_->queues[rank_ * world_ + to].emplace_back(bytes, bytes + send[to].second);
    }
    board_->changed.notify_all();
  }

  void finish() override {
    for (int from = 0; from < world_; from++) {
      if (from != rank_) receiveFrom(from, receive_[from].first, receive_[from].second, deadline_);
    }
  }

  void abort() override { board_->fail("rank " + std::to_string(rank_) + " aborted"); }
  bool aborted() const override {
    std::lock_guard lock(board_->mutex);
    return !board_->broken.empty();
  }
  void close() override { board_->fail("rank " + std::to_string(rank_) + " closed"); }

 private:
  void receiveFrom(int from, void* to, size_t size, Clock::time_point deadline) {
    std::unique_lock lock(board_->mutex);
    auto& queue = board_->queues[from * world_ + rank_];
    const bool woken = board_->changed.wait_until(lock, deadline, [&] { return !queue.empty() || !board_->broken.empty(); });
    if (!woken) {
      lock.unlock();
      const std::string why =
          "rank " + std::to_string(rank_) + " waited " + std::to_string(timeout_.count()) + " ms for rank " + std::to_string(from);
      board_->fail(why);
      throw transientError("collective-timeout", "[collective] " + why);
    }
    if (queue.empty()) throw transientError("collective-broken", "[collective] " + board_->broken);
    const Bytes message = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    if (message.size() != size) {
      throw brokenError("collective-size", "[collective] wanted " + std::to_string(size) + " bytes from rank " + std::to_string(from) + ", got " +
                                               std::to_string(message.size()));
    }
    if (size > 0) std::memcpy(to, message.data(), size);
  }

  const int rank_, world_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<Board> board_;
  Clock::time_point deadline_;
  Receives receive_;
};

}  // namespace

std::vector<std::unique_ptr<Collective>> createLocalCollectives(int world, std::chrono::milliseconds timeout) {
  auto board = std::make_shared<Board>(world);
  std::vector<std::unique_ptr<Collective>> ranks;
  for (int rank = 0; rank < world; rank++) ranks.push_back(std::make_unique<LocalCollective>(rank, world, timeout, board));
  return ranks;
}

}  // namespace lossmith
