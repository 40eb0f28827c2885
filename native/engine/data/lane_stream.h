// The batches of one lane over its pieces, in order: a function of pieces, seed, epoch and lane alone, wherever it is entered.
//
// Rows are taken in windows of `shuffleRows` (0: of a batch). A window begins at an accepted row and holds every line up to the accepted row
// that begins the next one, so a lane knows its end with its last row. Its rows are permuted by Fisher-Yates: for i = n−1 … 1 swap i with
// j = word · (i + 1) >> 32, word = word i % 4 of Philox with key (seed, "shuffle") and counter (i / 4, line, piece, lane | epoch << 16), where piece
// and line are the cursor's of the window's first row. With `repeat` a lane begins again behind its last row: batches are full, the order of
// a pass is that of key (seed, "shuffle/pass") with pass for epoch, and only a lane without any accepted row is exhausted. A cursor is that place and
// how many rows of the window were emitted; entering it reads the window again. Rejects and held-out rows of a window belong to the batch that emits
// its first row.
#pragma once

#include <memory>
#include <vector>

#include "engine/data/piece_stream.h"

namespace lossmith {

struct LaneOptions {
  std::shared_ptr<LogSource> source;
  std::vector<Piece> pieces;
  Cursor cursor;  // {}: from the start
  uint64_t seed;
  int64_t epoch;
  int lane;
  int64_t lane_batch, shuffle_rows;
  bool repeat = false;
};

class LaneStream {
 public:
  explicit LaneStream(LaneOptions options);
  // Fills `batch`: fewer than lane_batch examples only at the end of a lane that does not repeat. May be called again there.
  void read(Batch& batch);

 private:
  void start();
  bool nextRow();
  bool beginAgain();
  void readWindow();
  void permute();
  Cursor cursor() const;

  LaneOptions options_;
  int64_t window_rows_;
  bool started_ = false;

  int64_t piece_;  // that stream_ reads
  int64_t pass_;
  bool rowless_;  // of the pass, from its beginning on
  std::unique_ptr<PieceStream> stream_;
  Row row_;  // the row ahead, while has_row_; points into the stream's buffer
  bool has_row_ = false;
  Tally tally_;  // of lines before the row ahead

  Rows window_;
  std::vector<uint32_t> order_;
  int64_t window_piece_ = 0, emitted_ = 0;
  TextPlace window_place_;
};

}  // namespace lossmith
