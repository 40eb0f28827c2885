// The rows of one piece, in order, from some line on. Lines of another split are held out, malformed ones rejected; both are tallied, so
// that lines read = rows + rejected + held out. A line's split is drawn before it is parsed: a malformed line is rejected in one split only.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/data/line_reader.h"
#include "engine/data/log_source.h"

namespace lossmith {

constexpr size_t kKeptRejects = 100;

struct Tally {
  int64_t rejected = 0;
  int64_t held_out = 0, held_out_test = 0;  // rows of other splits; those of them that are of the test split
  std::vector<Reject> rejects;              // the first kKeptRejects
};

// Of a line: bytes and lines of the block before it.
struct TextPlace {
  int64_t offset = 0, line = 0;
};

class PieceStream {
 public:
  // Throws Error(Config, "cursor") when `from` is not in the block.
  PieceStream(std::shared_ptr<LogSource> source, const Piece& piece, TextPlace from = {});

  // False at the piece's end. Throws Error(Config, "file-changed") when the file ends before the piece, or the block not where it did.
  bool next(Row& row, Tally& tally);
  TextPlace rowPlace() const { return row_place_; }  // of the row that next() gave

 private:
  bool read(Line& line);

  std::shared_ptr<LogSource> source_;
  Piece piece_;
  Split split_;
  TextPlace next_;
  TextPlace row_place_;
  std::optional<LineReader> lines_;
  std::string reason_;
};

// Appends rows of a piece to a batch or a chunk: what encoded rows are kept in.
struct Rows {
  std::vector<float> labels, numbers;
  std::vector<int64_t> ids;

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
  void clear();
  void append(const FeatureEncoder& encoder, const FeaturePlan& plan, const Row& row);
};

}  // namespace lossmith
