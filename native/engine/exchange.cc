// See exchange.h. Everything is cut the same way on every rank: by shape, ranks and the header, never by thread.
#include "engine/exchange.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr int64_t kSpan = 1024;  // floats added at a time: all lanes' spans stay in the first cache
constexpr int64_t kSpansPerTask = 16;

LaneHeader read(const char* record) {
  LaneHeader header;
  std::memcpy(&header, record, sizeof header);
  return header;
}

// Rows per (table, owner) of the subtree that begins at the lane; zero at other lanes.
int64_t rowCount(const char* record, size_t index) {
  int64_t count;
  std::memcpy(&count, record + sizeof(LaneHeader) + index * sizeof count, sizeof count);
  return count;
}

char* atLeast(Bytes& bytes, size_t size) {
  if (bytes.size() < size) bytes.resize(size);
  return bytes.data();
}

template <class T>
T* at(const Bytes& bytes, size_t offset) {
  return reinterpret_cast<T*>(const_cast<char*>(bytes.data()) + offset);
}

// Cuts from..to into tasks of whole spans and runs body(from, to, thread) on each span.
template <class Body>
void overSpans(ThreadTeam& team, int64_t from, int64_t to, Body body) {
  const int64_t task = kSpan * kSpansPerTask;
  team.run((to - from + task - 1) / task, [&](int64_t number, int thread) {
    const int64_t begin = from + number * task, end = std::min(begin + task, to);
    for (int64_t at = begin; at < end; at += kSpan) body(at, std::min(at + kSpan, end), thread);
  });
}

}  // namespace

std::vector<int> laneBounds(const ExchangeShape& shape, const Collective* collective, const std::vector<int>& first_lanes) {
  if (shape.lanes < 1 || !std::has_single_bit(static_cast<unsigned>(shape.lanes))) {
    throw configError("lanes", "[exchange] wanted lanes a power of two, got " + std::to_string(shape.lanes));
  }
  const int world = collective ? collective->world() : 1, rank = collective ? collective->rank() : 0;
  std::vector<int> bounds = first_lanes;
  bounds.push_back(shape.lanes);
  const bool ascending = std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<int>()) == bounds.end();
  const bool counted = static_cast<int>(first_lanes.size()) == world && bounds.front() == 0 && ascending;
  const bool mine = !collective || (counted && bounds[rank] == shape.first_lane && bounds[rank + 1] == shape.first_lane + shape.lane_count);
  if (counted && mine) return bounds;
  std::string got;
  for (int lane : first_lanes) got.append(" ").append(std::to_string(lane));
  throw configError("lanes", "[exchange] wanted the first lanes of " + std::to_string(world) + " ranks over " + std::to_string(shape.lanes) +
                                 " lanes, rank " + std::to_string(rank) + " with " + std::to_string(shape.lane_count) + " from " +
                                 std::to_string(shape.first_lane) + ", got" + got);
}

Exchange::Exchange(ExchangeShape shape, ThreadTeam& team)
    : shape_(std::move(shape)), team_(team), parts_(team.size() == 1 ? 1 : 2 * team.size()), scratch_(team.size()), dense_(shape_.dense_size) {
  setCollective(nullptr, {0});
}

void Exchange::setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes) {
  const int world = collective ? collective->world() : 1, rank = collective ? collective->rank() : 0;
  std::vector<int> bounds = laneBounds(shape_, collective.get(), first_lanes);
  collective_ = world > 1 ? std::move(collective) : nullptr;
  rank_ = rank;
  world_ = world;
  first_lanes_ = std::move(bounds);
  agreed_ = world_ == 1;
  outgoing_.resize(world_);
  incoming_.resize(world_);
  sums_.assign(shape_.tables.size(), {});
  own_rows_.clear();
  own_rows_.resize(shape_.tables.size() * world_ * parts_ * (subtreeBounds(rank_).size() - 1));
  owner_rows_.resize(shape_.tables.size() * parts_);
}

StepSummary Exchange::run(const std::vector<LaneGradient>& own, bool order, int64_t version) {
  if (first_lanes_[rank_ + 1] - first_lanes_[rank_] != static_cast<int>(own.size())) {
    throw configError("lanes", "[exchange] wanted a collective: this trainer owns " + std::to_string(own.size()) + " of " +
                                   std::to_string(shape_.lanes) + " lanes");
  }
  if (!agreed_) agreeOnShape();
  addOwnRows(own);
  const StepSummary summary = gatherHeaders(own, order, version);
  if (!summary.not_finite.empty() || summary.examples == 0) return summary;
  if (world_ == 1) {
    addAll(own);
    return summary;
  }
  try {
    addOverRanks(own);
  } catch (...) {
    collective_->abort();  // what was begun must not write into memory that is no longer waited for
    throw;
  }
  return summary;
}

void Exchange::addOverRanks(const std::vector<LaneGradient>& own) {
  for (int owner = 0; owner < world_; owner++)
    if (owner != rank_) pack(own, owner);
  beginToOwners();
  pack(own, rank_);
  collective_->finish();

  finishDense();
  std::vector<size_t> sizes;
  for (int rank = 0; rank < world_; rank++) sizes.push_back((chunk(rank).to - chunk(rank).from) * sizeof(float));
  collective_->beginAllGatherV(dense_.data() + chunk(rank_).from, sizes, dense_.data());
  finishRows();
  collective_->finish();
  if (!shape_.tables.empty()) gatherRows();
}

// A fixed cut into `world` chunks of whole cache lines.
Exchange::Range Exchange::chunk(int owner) const {
  const int64_t lines = shape_.dense_size / kLineFloats;
  return {lines * owner / world_ * kLineFloats, lines * (owner + 1) / world_ * kLineFloats};
}

// Contiguous ranges: rows are hashed, so they are even, and owners' results one behind the other are sorted.
Exchange::Range Exchange::rowsOf(size_t table, int owner) const {
  const __int128 rows = shape_.tables[table].first;
  return {static_cast<int64_t>(rows * owner / world_), static_cast<int64_t>(rows * (owner + 1) / world_)};
}

Exchange::Range Exchange::rowsOfPart(size_t table, int owner, int64_t part) const {
  const Range whole = rowsOf(table, owner);
  const __int128 rows = whole.to - whole.from;
  return {whole.from + static_cast<int64_t>(rows * part / parts_), whole.from + static_cast<int64_t>(rows * (part + 1) / parts_)};
}

// First lanes of the rank's subtrees, and the end of the last.
std::vector<int> Exchange::subtreeBounds(int rank) const {
  std::vector<int> bounds = alignedSubtrees(first_lanes_[rank], first_lanes_[rank + 1] - first_lanes_[rank]);
  bounds.push_back(first_lanes_[rank + 1]);
  return bounds;
}

size_t Exchange::headerBytes() const { return sizeof(LaneHeader) + shape_.tables.size() * world_ * sizeof(int64_t); }

RowSegment& Exchange::ownRows(size_t table, int owner, int64_t part, size_t subtree) {
  const size_t subtrees = own_rows_.size() / (shape_.tables.size() * world_ * parts_);
  return own_rows_[((table * world_ + owner) * parts_ + part) * subtrees + subtree];
}

Exchange::Payload Exchange::payload(int from, int to) const {
  Payload result;
  const std::vector<int> bounds = subtreeBounds(from);
  const Range range = chunk(to);
  for (size_t i = 0; i + 1 < bounds.size(); i++) {
    int64_t examples = 0;
    for (int lane = bounds[i]; lane < bounds[i + 1]; lane++) examples += read(header(lane)).examples;
    if (examples == 0) continue;
    result.subtrees.push_back(bounds[i]);
    result.dense.push_back(result.bytes);
    result.bytes += (range.to - range.from) * sizeof(float);
  }
  for (size_t table = 0; table < shape_.tables.size(); table++) {
    result.counts.emplace_back();
    result.rows.emplace_back();
    for (int lane : result.subtrees) {
      result.counts[table].push_back(rowCount(header(lane), table * world_ + to));
      result.rows[table].push_back(result.bytes);
      result.bytes += result.counts[table].back() * sizeof(int64_t);
    }
  }
  for (size_t table = 0; table < shape_.tables.size(); table++) {
    result.values.emplace_back();
    for (int64_t count : result.counts[table]) {
      result.values[table].push_back(result.bytes);
      result.bytes += count * shape_.tables[table].second * sizeof(float);
    }
  }
  return result;
}

// Sizes follow from the shape, so ranks that differ in it would misread each other: compare once, with a message of fixed size.
void Exchange::agreeOnShape() {
  uint64_t hash = 0xcbf29ce484222325ULL;
  auto mix = [&](int64_t value) { hash = (hash ^ static_cast<uint64_t>(value)) * 0x100000001b3ULL; };
  mix(shape_.dense_size);
  for (const auto& [rows, width] : shape_.tables) mix(rows), mix(width);
  for (int lane : first_lanes_) mix(lane);
  std::vector<uint64_t> hashes(world_);
  collective_->allGather(&hash, sizeof hash, hashes.data());
  for (int rank = 0; rank < world_; rank++) {
    if (hashes[rank] == hash) continue;
    throw Error(ErrorKind::Refused, "shape-mismatch",
                "[exchange] wanted parameters, tables and lanes of rank " + std::to_string(rank_) + ", got others from rank " + std::to_string(rank));
  }
  agreed_ = true;
}

std::vector<TreeLeaf> Exchange::leavesWithin(const std::vector<LaneGradient>& own, int from, int to) const {
  std::vector<TreeLeaf> leaves;
  for (int lane = from; lane < to; lane++) {
    const LaneGradient& gradient = own[lane - first_lanes_[rank_]];
    if (gradient.examples > 0) leaves.push_back({lane, gradient.dense.data()});
  }
  return leaves;
}

void Exchange::addOwnRows(const std::vector<LaneGradient>& own) {
  const std::vector<int> bounds = subtreeBounds(rank_);
  const size_t subtrees = bounds.size() - 1;
  team_.run(own_rows_.size(), [&](int64_t number, int thread) {
    const size_t subtree = number % subtrees;
    const int64_t part = number / subtrees % parts_;
    const int owner = static_cast<int>(number / subtrees / parts_ % world_);
    const size_t table = number / subtrees / parts_ / world_;
    std::vector<RowLeaf> leaves;
    for (const TreeLeaf& leaf : leavesWithin(own, bounds[subtree], bounds[subtree + 1])) {
      const RowSparse& rows = own[leaf.lane - first_lanes_[rank_]].tables[table];
      leaves.push_back({leaf.lane, {rows.rows.data(), rows.values.data(), static_cast<int64_t>(rows.rows.size())}});
    }
    const Range range = rowsOfPart(table, owner, part);
    addRowTree(leaves, shape_.lanes, shape_.tables[table].second, range.from, range.to, own_rows_[number], scratch_[thread]);
  });
  if (world_ > 1) return;
  for (size_t table = 0; table < sums_.size(); table++) {
    sums_[table].clear();
    for (int64_t part = 0; part < parts_; part++) sums_[table].push_back(ownRows(table, 0, part, 0).span());
  }
}

StepSummary Exchange::gatherHeaders(const std::vector<LaneGradient>& own, bool order, int64_t version) {
  const size_t record = headerBytes();
  headers_.assign(record * shape_.lanes, 0);
  for (size_t i = 0; i < own.size(); i++) {
    const LaneHeader header = {own[i].examples, own[i].loss, own[i].cursor, (own[i].finite ? 0 : kNotFinite) | (order ? kOrder : 0), version};
    std::memcpy(headers_.data() + record * (first_lanes_[rank_] + i), &header, sizeof header);
  }
  const std::vector<int> bounds = subtreeBounds(rank_);
  for (size_t subtree = 0; subtree + 1 < bounds.size(); subtree++) {
    for (size_t index = 0; index < shape_.tables.size() * world_; index++) {
      int64_t count = 0;
      for (int64_t part = 0; part < parts_; part++) count += ownRows(index / world_, static_cast<int>(index % world_), part, subtree).count;
      std::memcpy(headers_.data() + record * bounds[subtree] + sizeof(LaneHeader) + index * sizeof count, &count, sizeof count);
    }
  }
  if (world_ > 1) {
    std::vector<size_t> sizes;
    for (int rank = 0; rank < world_; rank++) sizes.push_back(record * (first_lanes_[rank + 1] - first_lanes_[rank]));
    collective_->allGatherV(header(first_lanes_[rank_]), sizes, headers_.data());
  }

  std::vector<LaneHeader> known;
  for (int lane = 0; lane < shape_.lanes; lane++) known.push_back(read(header(lane)));
  agreeOnVersion(known, {first_lanes_.begin(), first_lanes_.end() - 1});
  return summaryOf(known);
}

// A world of one has one subtree, all lanes: its sum is the result.
void Exchange::addAll(const std::vector<LaneGradient>& own) {
  const std::vector<TreeLeaf> leaves = leavesWithin(own, 0, shape_.lanes);
  overSpans(team_, 0, shape_.dense_size, [&](int64_t from, int64_t end, int thread) {
    std::vector<TreeLeaf> spans = leaves;
    for (TreeLeaf& leaf : spans) leaf.values += from;
    addTree(spans.data(), static_cast<int>(spans.size()), shape_.lanes, end - from, dense_.data() + from, scratch_[thread]);
  });
}

// The owner's chunk of the dense sums of each own subtree, and its rows behind them.
void Exchange::pack(const std::vector<LaneGradient>& own, int owner) {
  const Payload to = payload(rank_, owner);
  const Range range = chunk(owner);
  atLeast(outgoing_[owner], to.bytes);
  const std::vector<int> bounds = subtreeBounds(rank_);
  for (size_t i = 0, subtree = 0; i < to.subtrees.size(); i++) {
    while (bounds[subtree] != to.subtrees[i]) subtree++;
    const std::vector<TreeLeaf> leaves = leavesWithin(own, bounds[subtree], bounds[subtree + 1]);
    float* out = at<float>(outgoing_[owner], to.dense[i]);
    overSpans(team_, range.from, range.to, [&](int64_t from, int64_t end, int thread) {
      std::vector<TreeLeaf> spans = leaves;
      for (TreeLeaf& leaf : spans) leaf.values += from;
      addTree(spans.data(), static_cast<int>(spans.size()), shape_.lanes, end - from, out + (from - range.from), scratch_[thread]);
    });
    for (size_t table = 0; table < shape_.tables.size(); table++) {
      int64_t* rows = at<int64_t>(outgoing_[owner], to.rows[table][i]);
      float* values = at<float>(outgoing_[owner], to.values[table][i]);
      for (int64_t part = 0; part < parts_; part++) {
        const RowSegment& segment = ownRows(table, owner, part, subtree);
        rows = std::copy_n(segment.rows.data(), segment.count, rows);
        values = std::copy_n(segment.values.data(), segment.count * shape_.tables[table].second, values);
      }
    }
  }
}

void Exchange::beginToOwners() {
  Sends send;
  Receives receive;
  for (int rank = 0; rank < world_; rank++) {
    const bool self = rank == rank_;
    const size_t bytes = self ? 0 : payload(rank, rank_).bytes;
    send.emplace_back(outgoing_[rank].data(), self ? 0 : payload(rank_, rank).bytes);
    receive.emplace_back(atLeast(incoming_[rank], bytes), bytes);
  }
  collective_->begin(send, receive);
}

// The owner's part of the tree: all ranks' subtrees are its leaves.
void Exchange::finishDense() {
  std::vector<TreeLeaf> leaves;
  for (int rank = 0; rank < world_; rank++) {
    const Payload from = payload(rank, rank_);
    for (size_t i = 0; i < from.subtrees.size(); i++) leaves.push_back({from.subtrees[i], at<float>(arrived(rank), from.dense[i])});
  }
  const Range range = chunk(rank_);
  overSpans(team_, range.from, range.to, [&](int64_t from, int64_t end, int thread) {
    std::vector<TreeLeaf> spans = leaves;
    for (TreeLeaf& leaf : spans) leaf.values += from - range.from;
    addTree(spans.data(), static_cast<int>(spans.size()), shape_.lanes, end - from, dense_.data() + from, scratch_[thread]);
  });
}

void Exchange::finishRows() {
  std::vector<std::vector<RowLeaf>> leaves(shape_.tables.size());
  for (int rank = 0; rank < world_; rank++) {
    const Payload from = payload(rank, rank_);
    for (size_t i = 0; i < from.subtrees.size(); i++) {
      for (size_t table = 0; table < leaves.size(); table++) {
        const RowSpan span = {at<int64_t>(arrived(rank), from.rows[table][i]), at<float>(arrived(rank), from.values[table][i]),
                              from.counts[table][i]};
        leaves[table].push_back({from.subtrees[i], span});
      }
    }
  }
  team_.run(owner_rows_.size(), [&](int64_t number, int thread) {
    const size_t table = number / parts_;
    const Range part = rowsOfPart(table, rank_, number % parts_);
    addRowTree(leaves[table], shape_.lanes, shape_.tables[table].second, part.from, part.to, owner_rows_[number], scratch_[thread]);
  });
}

// How many rows an owner has is known only to it; what was sent to it bounds them. One message of that size costs less than a round to
// agree on the true one: rows that several subtrees share are few, a round waits for everybody.
size_t Exchange::mostRowBytes(int owner) const {
  const size_t tables = shape_.tables.size();
  size_t bytes = tables * sizeof(int64_t);
  for (size_t table = 0; table < tables; table++) {
    int64_t most = 0;
    for (int lane = 0; lane < shape_.lanes; lane++) most += rowCount(header(lane), table * world_ + owner);
    bytes += most * (sizeof(int64_t) + shape_.tables[table].second * sizeof(float));
  }
  return (bytes + 7) / 8 * 8;
}

// An owner's message: the number of rows of every table, rows of every table, values of every table.
void Exchange::gatherRows() {
  const size_t tables = shape_.tables.size();
  std::vector<size_t> sizes;
  size_t total = 0;
  for (int rank = 0; rank < world_; rank++) total += sizes.emplace_back(mostRowBytes(rank));
  std::vector<int64_t> counts(tables, 0);
  for (size_t i = 0; i < owner_rows_.size(); i++) counts[i / parts_] += owner_rows_[i].count;

  char* to = std::copy_n(reinterpret_cast<const char*>(counts.data()), tables * sizeof(int64_t), atLeast(packed_, sizes[rank_]));
  for (const RowSegment& segment : owner_rows_) {
    if (segment.count > 0) std::memcpy(to, segment.rows.data(), segment.count * sizeof(int64_t));
    to += segment.count * sizeof(int64_t);
  }
  for (size_t i = 0; i < owner_rows_.size(); i++) {
    const size_t bytes = owner_rows_[i].count * shape_.tables[i / parts_].second * sizeof(float);
    if (bytes > 0) std::memcpy(to, owner_rows_[i].values.data(), bytes);
    to += bytes;
  }
  atLeast(gathered_, total);
  collective_->allGatherV(packed_.data(), sizes, gathered_.data());

  for (std::vector<RowSpan>& spans : sums_) spans.clear();
  for (size_t rank = 0, base = 0; rank < static_cast<size_t>(world_); base += sizes[rank++]) {
    std::memcpy(counts.data(), gathered_.data() + base, tables * sizeof(int64_t));
    size_t rows_at = base + tables * sizeof(int64_t), values_at = rows_at;
    for (int64_t count : counts) values_at += count * sizeof(int64_t);
    for (size_t table = 0; table < tables; table++) {
      sums_[table].push_back({at<int64_t>(gathered_, rows_at), at<float>(gathered_, values_at), counts[table]});
      rows_at += counts[table] * sizeof(int64_t);
      values_at += counts[table] * shape_.tables[table].second * sizeof(float);
    }
  }
}

}  // namespace lossmith
