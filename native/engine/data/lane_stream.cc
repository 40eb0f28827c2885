// See lane_stream.h.
#include "engine/data/lane_stream.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/errors.h"

namespace lossmith {
namespace {

void addTally(const Tally& from, Batch& to) {
  to.rejected += from.rejected;
  to.held_out += from.held_out;
  to.held_out_test += from.held_out_test;
  const size_t room = kKeptRejects - std::min(kKeptRejects, to.rejects.size());
  to.rejects.insert(to.rejects.end(), from.rejects.begin(), from.rejects.begin() + static_cast<long>(std::min(room, from.rejects.size())));
}

bool isStart(const Cursor& cursor) { return cursor.piece == 0 && cursor.offset == 0 && cursor.line == 0 && cursor.emitted == 0; }

}  // namespace

LaneStream::LaneStream(LaneOptions options)
    : options_(std::move(options)),
      window_rows_(options_.shuffle_rows > 0 ? options_.shuffle_rows : options_.lane_batch),
      piece_(options_.cursor.piece),
      pass_(options_.cursor.pass),
      rowless_(isStart(options_.cursor)) {
  if (options_.lane_batch < 1 || options_.shuffle_rows < 0 || window_rows_ > int64_t{UINT32_MAX}) {
    throw configError("feed", "[feed] wanted laneBatch of at least 1 and shuffleRows from 0 to 2^32 - 1, got " + std::to_string(options_.lane_batch) +
                                  " and " + std::to_string(options_.shuffle_rows));
  }
  const auto pieces = static_cast<int64_t>(options_.pieces.size());
  if (piece_ < 0 || piece_ > pieces) {
    throw configError("cursor", "[feed] wanted a cursor within the " + std::to_string(pieces) + " pieces of lane " + std::to_string(options_.lane) +
                                    ", got piece " + std::to_string(piece_));
  }
}

void LaneStream::read(Batch& batch) {
  batch.count = batch.rejected = batch.held_out = batch.held_out_test = 0;
  batch.labels.clear();
  batch.ids.clear();
  batch.numbers.clear();
  batch.rejects.clear();
  if (options_.cursor.exhausted) {
    batch.after = options_.cursor;
    return;
  }
  if (!started_) start();
  const auto fields = options_.source->features().fields, width = options_.source->features().width;
  // A lane without examples still reports what it rejected.
  if (window_.count() == 0) addTally(std::exchange(tally_, {}), batch);
  while (batch.count < options_.lane_batch && (emitted_ < window_.count() || has_row_ || beginAgain())) {
    if (emitted_ == window_.count()) readWindow();
    if (emitted_ == 0) addTally(std::exchange(tally_, {}), batch);
    const int64_t take = std::min(options_.lane_batch - batch.count, window_.count() - emitted_);
    for (int64_t i = 0; i < take; i++) {
      const int64_t row = order_[static_cast<size_t>(emitted_ + i)];
      batch.labels.push_back(window_.labels[static_cast<size_t>(row)]);
      batch.ids.insert(batch.ids.end(), window_.ids.begin() + row * fields, window_.ids.begin() + (row + 1) * fields);
      batch.numbers.insert(batch.numbers.end(), window_.numbers.begin() + row * width, window_.numbers.begin() + (row + 1) * width);
    }
    batch.count += take;
    emitted_ += take;
  }
  batch.after = cursor();
}

void LaneStream::start() {
  started_ = true;
  const Cursor& from = options_.cursor;
  if (piece_ < static_cast<int64_t>(options_.pieces.size())) {
    stream_ = std::make_unique<PieceStream>(options_.source, options_.pieces[static_cast<size_t>(piece_)], TextPlace{from.offset, from.line});
  }
  nextRow();
  readWindow();
  emitted_ = from.emitted;
  if (emitted_ < 0 || emitted_ > window_.count()) {
    throw configError("cursor",
                      "[feed] wanted a cursor within the window of " + std::to_string(window_.count()) + " rows, got " + std::to_string(emitted_));
  }
  if (emitted_ > 0) tally_ = {};
}

Cursor LaneStream::cursor() const {
  if (emitted_ < window_.count()) return {window_piece_, window_place_.offset, window_place_.line, emitted_, 0, pass_};
  if (!has_row_ && options_.repeat && !rowless_) return {0, 0, 0, 0, 0, pass_ + 1};
  if (!has_row_) return {static_cast<int64_t>(options_.pieces.size()), 0, 0, 0, 1, pass_};
  const TextPlace ahead = stream_->rowPlace();
  return {piece_, ahead.offset, ahead.line, 0, 0, pass_};
}

// Moves to the next accepted row, over the ends of pieces; false when the lane has no more.
bool LaneStream::nextRow() {
  while (piece_ < static_cast<int64_t>(options_.pieces.size())) {
    if (stream_ == nullptr) stream_ = std::make_unique<PieceStream>(options_.source, options_.pieces[static_cast<size_t>(piece_)]);
    if (stream_->next(row_, tally_)) {
      rowless_ = false;
      return has_row_ = true;
    }
    stream_ = nullptr;
    piece_++;
  }
  return has_row_ = false;
}

// Behind the last row of a pass: to the first of the next, when there is one.
bool LaneStream::beginAgain() {
  if (!options_.repeat || rowless_) return false;
  piece_ = 0;
  pass_++;
  rowless_ = true;
  return nextRow();
}

void LaneStream::readWindow() {
  window_.clear();
  emitted_ = 0;
  window_piece_ = piece_;
  if (has_row_) window_place_ = stream_->rowPlace();
  const FeatureEncoder& encoder = options_.source->encoder();
  while (has_row_ && window_.count() < window_rows_) {
    window_.append(encoder, options_.source->features(), row_);
    nextRow();
  }
  permute();
}

void LaneStream::permute() {
  order_.resize(static_cast<size_t>(window_.count()));
  std::iota(order_.begin(), order_.end(), 0u);
  if (options_.shuffle_rows == 0) return;
  const PhiloxKey key = philoxKey(options_.seed, options_.repeat ? "shuffle/pass" : "shuffle");
  const uint32_t turn = static_cast<uint32_t>(options_.repeat ? pass_ : options_.epoch);
  const uint32_t where = static_cast<uint32_t>(options_.lane) | turn << 16;
  for (size_t i = order_.size(); i-- > 1;) {
    const PhiloxWords words =
        philox({static_cast<uint32_t>(i / 4), static_cast<uint32_t>(window_place_.line), static_cast<uint32_t>(window_piece_), where}, key);
    const uint64_t j = (static_cast<uint64_t>(words[i % 4]) * (i + 1)) >> 32;
    std::swap(order_[i], order_[j]);
  }
}

}  // namespace lossmith
