// Where a trainer's examples come from. A feed knows logs, blocks, shuffling and cursors; a trainer knows only this.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lossmith {

// How far a lane has consumed (never: prefetched). See Cursor in training.proto.
struct Cursor {
  int64_t piece = 0, offset = 0, line = 0, emitted = 0, exhausted = 0;
  int64_t pass = 0;  // how often a lane that repeats has begun again
};

struct Reject {
  int64_t file, line;
  std::string reason, text;
};

struct Batch {
  int64_t count = 0;           // examples, at most the lane batch
  std::vector<float> labels;   // [count]
  std::vector<int64_t> ids;    // [count, fields]
  std::vector<float> numbers;  // [count, numbers]
  Cursor after;                // the lane's cursor once this batch is trained on; exhausted already with the last batch that has examples
  int64_t rejected = 0;
  int64_t held_out = 0, held_out_test = 0;  // rows of other splits; those of them that are of the test split
  std::vector<Reject> rejects;              // the first 100 of `rejected`
};

// A piece of a block (see Piece in training.proto). Offsets are of the decompressed text; first_line counts the file's lines before the block.
struct Piece {
  int64_t id, file, offset, bytes, first_line, lines, skip, take;
  std::string split;
};

class Feed {
 public:
  virtual ~Feed() = default;
  // The next batch of a lane. Blocks until read; count 0 and after.exhausted when the lane is at its end (such a batch still carries
  // rejects and held-out rows of a lane without examples). One caller per lane at a time. Throws what the reader met: file and reason.
  virtual void next(int lane, Batch& batch) = 0;
  // Another number once lanes start over: batches that were taken before, but not trained on, are then of no use.
  virtual int64_t generation() const = 0;
  // Streams one piece whole, in order, in batches of at most `limit`; false at its end. For evaluation. Independent of lanes.
  class PieceReader {
   public:
    virtual ~PieceReader() = default;
    virtual bool next(Batch& batch, int64_t limit) = 0;
  };
  virtual std::unique_ptr<PieceReader> openPiece(const Piece& piece) = 0;
};

}  // namespace lossmith
