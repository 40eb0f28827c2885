// Lanes of a log, read ahead by the feed's own thread: some batches of each lane wait ready, memory does not grow with the log.
// What the thread meets (a file vanished, changed, damaged) is thrown by next() of that lane, after the batches that were read before.
#pragma once

#include <memory>
#include <vector>

#include "engine/data/feed.h"
#include "engine/data/lane_stream.h"
#include "engine/data/log_source.h"

namespace lossmith {

struct FeedLane {
  int lane;
  std::vector<Piece> pieces;
  Cursor cursor;
};

class LogFeed : public Feed {
 public:
  LogFeed(std::shared_ptr<LogSource> source, uint64_t seed, int64_t lane_batch, int64_t shuffle_rows);
  ~LogFeed() override;

  // Drops what was read ahead and starts over with these lanes. `repeat`: see lane_stream.h.
  void startEpoch(int64_t epoch, std::vector<FeedLane> lanes, bool repeat);
  // A lane's batches from memory, until an epoch names the lane.
  void setMemory(int lane, std::vector<Batch> batches, bool repeat);
  // Wakes who waits in next(), with Error(Broken, "feed-closed"). Piece readers go on.
  void close();

  // Also throws Error(Transient, "feed-stalled") when nothing could be read for a minute, as from a file system that hangs.
  void next(int lane, Batch& batch) override;
  int64_t generation() const override;
  std::unique_ptr<PieceReader> openPiece(const Piece& piece) override;

  const std::shared_ptr<LogSource>& source() const { return source_; }

 private:
  struct State;
  static void readAhead(const std::shared_ptr<State>& state);

  std::shared_ptr<LogSource> source_;
  uint64_t seed_;
  int64_t lane_batch_, shuffle_rows_;
  std::shared_ptr<State> state_;  // shared with the thread, which ends by itself after close()
};

// Reads one piece outside any feed; `seed`-free, in the log's order.
std::unique_ptr<Feed::PieceReader> openPieceOf(std::shared_ptr<LogSource> source, const Piece& piece);

}  // namespace lossmith
