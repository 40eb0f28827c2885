// See log_feed.h.
#include "engine/data/log_feed.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr size_t kReadyBatches = 3;
constexpr std::chrono::seconds kStalled{60};

class LogPieceReader : public Feed::PieceReader {
 public:
  LogPieceReader(std::shared_ptr<LogSource> source, const Piece& piece) : source_(std::move(source)), piece_(piece) {}

  bool next(Batch& batch, int64_t limit) override {
    if (stream_ == nullptr) {
      stream_ = std::make_unique<LaneStream>(
          LaneOptions{.source = source_, .pieces = {piece_}, .cursor = {}, .seed = 0, .epoch = 0, .lane = 0, .lane_batch = limit, .shuffle_rows = 0});
    }
    stream_->read(batch);
    return batch.count + batch.rejected + batch.held_out > 0;
  }

 private:
  std::shared_ptr<LogSource> source_;
  Piece piece_;
  std::unique_ptr<LaneStream> stream_;
};

struct Lane {
  std::unique_ptr<LaneStream> stream;  // only the reading thread touches it
  std::deque<Batch> ready;
  bool ended = false;  // nothing comes after `ready`
  Cursor end;
  std::exception_ptr failure;

  std::vector<std::shared_ptr<const Batch>> memory;
  size_t memory_next = 0;
  bool repeat = false;
};

// Memory lanes: the cursor's `line` counts batches given. The batch itself is large, and is copied by the caller without the lock.
std::shared_ptr<const Batch> takeFromMemory(Lane& lane) {
  if (lane.memory.empty()) return nullptr;
  if (lane.memory_next == lane.memory.size() && !lane.repeat) return nullptr;
  const std::shared_ptr<const Batch> found = lane.memory[lane.memory_next % lane.memory.size()];
  if (lane.repeat) lane.memory_next %= lane.memory.size();
  lane.memory_next++;
  lane.end = {0, 0, static_cast<int64_t>(lane.memory_next), 0, !lane.repeat && lane.memory_next == lane.memory.size()};
  return found;
}

}  // namespace

std::unique_ptr<Feed::PieceReader> openPieceOf(std::shared_ptr<LogSource> source, const Piece& piece) {
  return std::make_unique<LogPieceReader>(std::move(source), piece);
}

struct LogFeed::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<LogSource> source;
  std::map<int, std::shared_ptr<Lane>> lanes;
  std::vector<Batch> spare;  // buffers to use again
  bool reading = false, closed = false;
  std::atomic<int64_t> generation = 0;

  // The lane with the fewest batches ready that wants more.
  std::shared_ptr<Lane> hungriest() {
    std::shared_ptr<Lane> found;
    for (const auto& [number, lane] : lanes) {
      if (lane->ended || lane->ready.size() >= kReadyBatches) continue;
      if (found == nullptr || lane->ready.size() < found->ready.size()) found = lane;
    }
    return found;
  }
};

LogFeed::LogFeed(std::shared_ptr<LogSource> source, uint64_t seed, int64_t lane_batch, int64_t shuffle_rows)
    : source_(std::move(source)), seed_(seed), lane_batch_(lane_batch), shuffle_rows_(shuffle_rows), state_(std::make_shared<State>()) {
  state_->source = source_;
}

LogFeed::~LogFeed() { close(); }

void LogFeed::startEpoch(int64_t epoch, std::vector<FeedLane> lanes, bool repeat) {
  std::map<int, std::shared_ptr<Lane>> started;
  for (FeedLane& from : lanes) {
    auto lane = std::make_shared<Lane>();
    lane->stream = std::make_unique<LaneStream>(LaneOptions{.source = source_,
                                                            .pieces = std::move(from.pieces),
                                                            .cursor = from.cursor,
                                                            .seed = seed_,
                                                            .epoch = epoch,
                                                            .lane = from.lane,
                                                            .lane_batch = lane_batch_,
                                                            .shuffle_rows = shuffle_rows_,
                                                            .repeat = repeat});
    if (!started.emplace(from.lane, std::move(lane)).second) {
      throw configError("feed", "[startEpoch] wanted every lane once, got lane " + std::to_string(from.lane) + " twice");
    }
  }
  const std::lock_guard lock(state_->mutex);
  if (state_->closed) throw brokenError("feed-closed", "[startEpoch] the feed is closed");
  for (const auto& [number, lane] : state_->lanes) {
    if (!lane->memory.empty()) started.emplace(number, lane);
  }
  state_->lanes = std::move(started);
  state_->generation++;
  if (!state_->reading) std::thread(readAhead, state_).detach();
  state_->reading = true;
  state_->changed.notify_all();
}

void LogFeed::setMemory(int number, std::vector<Batch> batches, bool repeat) {
  auto lane = std::make_shared<Lane>();
  lane->ended = true;
  lane->end.exhausted = 1;
  for (Batch& batch : batches) lane->memory.push_back(std::make_shared<const Batch>(std::move(batch)));
  lane->repeat = repeat;
  const std::lock_guard lock(state_->mutex);
  state_->lanes[number] = std::move(lane);
  state_->generation++;
  state_->changed.notify_all();
}

void LogFeed::close() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->lanes.clear();
  state_->spare.clear();
  state_->changed.notify_all();
}

void LogFeed::next(int number, Batch& batch) {
  const std::shared_ptr<State> state = state_;
  std::unique_lock lock(state->mutex);
  uint64_t progress = state->source->progress();
  for (;;) {
    if (state->closed) throw brokenError("feed-closed", "[next] the feed is closed");
    const auto found = state->lanes.find(number);
    if (found == state->lanes.end()) throw brokenError("feed-lane", "[next] wanted a lane of this epoch, got " + std::to_string(number));
    Lane& lane = *found->second;
    if (!lane.ready.empty()) {
      std::swap(batch, lane.ready.front());
      state->spare.push_back(std::move(lane.ready.front()));
      lane.ready.pop_front();
      state->changed.notify_all();
      return;
    }
    if (const std::shared_ptr<const Batch> given = takeFromMemory(lane)) {
      const Cursor after = lane.end;
      lock.unlock();
      batch = *given;
      batch.after = after;
      return;
    }
    if (lane.failure) std::rethrow_exception(lane.failure);
    if (lane.ended) {
      batch = Batch{};
      batch.after = lane.end;
      return;
    }
    if (state->changed.wait_for(lock, kStalled) != std::cv_status::timeout) continue;
    if (state->source->progress() == progress) {
      throw transientError("feed-stalled", "[next] wanted a batch of lane " + std::to_string(number) + ", nothing could be read for 60 s");
    }
    progress = state->source->progress();
  }
}

int64_t LogFeed::generation() const { return state_->generation; }

std::unique_ptr<Feed::PieceReader> LogFeed::openPiece(const Piece& piece) { return openPieceOf(source_, piece); }

void LogFeed::readAhead(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    std::shared_ptr<Lane> lane;
    state->changed.wait(lock, [&] { return state->closed || (lane = state->hungriest()) != nullptr; });
    if (state->closed) return;
    Batch batch;
    if (!state->spare.empty()) {
      batch = std::move(state->spare.back());
      state->spare.pop_back();
    }
    std::exception_ptr failure;
    lock.unlock();
    try {
      lane->stream->read(batch);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    // The lane may be none of the epoch's by now: then nobody sees what is put there.
    if (failure) {
      lane->failure = failure;
      lane->ended = true;
    } else {
      if (batch.after.exhausted) lane->ended = true, lane->end = batch.after;
      lane->ready.push_back(std::move(batch));
    }
    state->changed.notify_all();
  }
}

}  // namespace lossmith
