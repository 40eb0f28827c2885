// Who sends what to whom in an exchange between GPUs, as every rank derives it from the shape and from the headers of a step. Host arithmetic only.
// A part is what a rank sums before anything is sent: an aligned subtree of its lanes (tree), or all of them (all-reduce). A message holds rows of
// all tables.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/collective/collective.h"
#include "engine/exchange.h"
#include "engine/lane_header.h"
#include "engine/trainer.h"

namespace lossmith {

struct LaneRange {
  int from, to;
};

struct FloatRange {
  int64_t from, to;
  int64_t size() const { return to - from; }
  size_t bytes() const { return (to - from) * sizeof(float); }
};

// Places in bytes and numbers of rows, [table][part].
struct RowMessage {
  std::vector<std::vector<size_t>> rows, values;
  std::vector<std::vector<int64_t>> counts;
  size_t bytes = 0;

  // Room for `count` rows more of the table that was begun last.
  void add(int64_t count, int64_t width);
};

// Of everything in a message, so that copies are by four words.
constexpr size_t kMessageAlignment = 64;
inline size_t alignedInMessage(size_t bytes) { return (bytes + kMessageAlignment - 1) / kMessageAlignment * kMessageAlignment; }

class ExchangeLayout {
 public:
  // `bounds`: first lanes by rank, and the number of lanes behind the last.
  ExchangeLayout(const ExchangeShape& shape, ExchangeKind kind, std::vector<int> bounds);

  const ExchangeShape& shape() const { return shape_; }
  bool tree() const { return kind_ == ExchangeKind::Tree; }
  int world() const { return static_cast<int>(bounds_.size()) - 1; }
  size_t tables() const { return shape_.tables.size(); }
  int64_t width(size_t table) const { return shape_.tables[table].second; }
  int firstLane(int rank) const { return bounds_[rank]; }
  std::vector<LaneRange> parts(int rank) const;
  // Of the dense vector, as Exchange cuts it.
  FloatRange chunk(int owner) const;
  // Sizes follow from the shape, so ranks that differ in it would misread each other: Error(Refused, "shape-mismatch"). All ranks must call it.
  void agree(Collective& host) const;

  // Every lane's header and, by own part, its rows [table][owner], to all ranks. Throws as agreeOnVersion.
  StepSummary gather(Collective& host, const std::vector<LaneHeader>& own, const std::vector<std::vector<int64_t>>& own_rows);

  // From here on: of the step that was gathered last.
  // Parts with examples.
  std::vector<LaneRange> present(int rank) const;
  int64_t rows(const LaneRange& part, size_t table, int owner) const;
  // What one rank sends to an owner: of each part with examples rows, and values behind them.
  RowMessage message(int rank, int owner) const;
  // What an owner sends to all: the true number of rows of each table (int64), which only it knows, then each table's sum in the room that it can
  // need at most, which is what was sent to the owner. That costs less than a round to agree on true numbers: rows that several parts share are few.
  RowMessage finished(int owner) const;

 private:
  size_t recordBytes() const { return sizeof(LaneHeader) + tables() * world() * sizeof(int64_t); }
  LaneHeader header(int lane) const;

  const ExchangeShape shape_;
  const ExchangeKind kind_;
  const std::vector<int> bounds_;
  Bytes records_;  // by lane: header, and at a part's first lane its rows
};

}  // namespace lossmith
