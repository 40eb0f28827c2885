// See piece_stream.h.
#include "engine/data/piece_stream.h"

#include "engine/errors.h"

namespace lossmith {
namespace {

// At most kExcerptBytes, not cut inside a UTF-8 character.
std::string excerpt(std::string_view text) {
  if (text.size() <= kExcerptBytes) return std::string(text);
  size_t end = kExcerptBytes;
  while (end > kExcerptBytes - 4 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) end--;
  return std::string(text.substr(0, end));
}

}  // namespace

PieceStream::PieceStream(std::shared_ptr<LogSource> source, const Piece& piece, TextPlace from)
    : source_(std::move(source)), piece_(piece), split_(splitNamed(piece.split)), next_(from) {
  if (from.offset >= 0 && from.offset <= piece.bytes && from.line >= 0 && from.line <= piece.lines) return;
  throw configError("cursor", "[feed] wanted a place within the " + std::to_string(piece.bytes) + " bytes and " + std::to_string(piece.lines) +
                                  " lines of piece " + std::to_string(piece.id) + ", got byte " + std::to_string(from.offset) + " and line " +
                                  std::to_string(from.line));
}

bool PieceStream::next(Row& row, Tally& tally) {
  Line line;
  for (;;) {
    row_place_ = next_;
    if (!read(line)) return false;
    if (row_place_.line < piece_.skip) continue;
    const int64_t number = piece_.first_line + row_place_.line + 1;
    if (source_->drawsSplits()) {
      if (const Split drawn = source_->drawSplit(piece_.file, number); drawn != split_) {
        tally.held_out++;
        tally.held_out_test += drawn == Split::Test;
        continue;
      }
    }
    if (line.too_long) {
      const int64_t most = source_->features().max_line_bytes;
      reason_ = "wanted a line of at most " + std::to_string(most) + " bytes (maxLineBytes), got " + std::to_string(line.bytes);
    } else if (source_->parser().parse(line.text, row, reason_)) {
      return true;
    }
    tally.rejected++;
    if (tally.rejects.size() < kKeptRejects) tally.rejects.push_back({piece_.file, number, reason_, excerpt(line.text)});
  }
}

bool PieceStream::read(Line& line) {
  const auto changed = [&](const std::string& got) {
    return configError("file-changed", "wanted line " + std::to_string(piece_.first_line + next_.line + 1) + " of " + source_->path(piece_.file) +
                                           " as it was indexed, got " + got + ": the file changed after the run began");
  };
  if (next_.line >= piece_.skip + piece_.take) {
    if (next_.line == piece_.lines && next_.offset != piece_.bytes) throw changed("a block of other lines");
    return false;
  }
  if (!lines_) {
    lines_.emplace(source_->open(piece_.file, piece_.offset + next_.offset), source_->features().max_line_bytes, piece_.bytes - next_.offset);
  }
  if (!lines_->next(line)) throw changed("the end of the text");
  next_.offset += line.bytes;
  next_.line++;
  return true;
}

void Rows::clear() {
  labels.clear();
  numbers.clear();
  ids.clear();
}

void Rows::append(const FeatureEncoder& encoder, const FeaturePlan& plan, const Row& row) {
  labels.push_back(row.label);
  ids.resize(ids.size() + static_cast<size_t>(plan.fields));
  numbers.resize(numbers.size() + static_cast<size_t>(plan.width));
  encoder.encode(row, ids.data() + ids.size() - plan.fields, numbers.data() + numbers.size() - plan.width);
}

}  // namespace lossmith
