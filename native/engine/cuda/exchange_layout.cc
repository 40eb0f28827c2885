// See exchange_layout.h.
#include "engine/cuda/exchange_layout.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "engine/errors.h"
#include "engine/lanes/lane_tree.h"
#include "engine/state/dense_layout.h"

namespace lossmith {

void RowMessage::add(int64_t count, int64_t width) {
  counts.back().push_back(count);
  rows.back().push_back(bytes);
  bytes += alignedInMessage(count * sizeof(int64_t));
  values.back().push_back(bytes);
  bytes += alignedInMessage(count * width * sizeof(float));
}

ExchangeLayout::ExchangeLayout(const ExchangeShape& shape, ExchangeKind kind, std::vector<int> bounds)
    : shape_(shape), kind_(kind), bounds_(std::move(bounds)) {}

std::vector<LaneRange> ExchangeLayout::parts(int rank) const {
  const int from = bounds_[rank], to = bounds_[rank + 1];
  if (!tree()) return {{from, to}};
  std::vector<LaneRange> parts;
  for (int first : alignedSubtrees(from, to - from)) {
    if (!parts.empty()) parts.back().to = first;
    parts.push_back({first, to});
  }
  return parts;
}

FloatRange ExchangeLayout::chunk(int owner) const {
  const int64_t lines = shape_.dense_size / kLineFloats;
  return {lines * owner / world() * kLineFloats, lines * (owner + 1) / world() * kLineFloats};
}

void ExchangeLayout::agree(Collective& host) const {
  uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&](int64_t value) { hash = (hash ^ static_cast<uint64_t>(value)) * 0x100000001b3ULL; };
  mix(shape_.dense_size);
  mix(static_cast<int64_t>(kind_));
  for (const auto& [rows, width] : shape_.tables) mix(rows), mix(width);
  for (int lane : bounds_) mix(lane);
  std::vector<uint64_t> hashes(world());
  host.allGather(&hash, sizeof hash, hashes.data());
  if (std::adjacent_find(hashes.begin(), hashes.end(), std::not_equal_to<>()) != hashes.end()) {
    throw Error(ErrorKind::Refused, "shape-mismatch",
                "[exchange] wanted the same parameters, tables, lanes and way of exchange on all ranks, got different ones");
  }
}

StepSummary ExchangeLayout::gather(Collective& host, const std::vector<LaneHeader>& own, const std::vector<std::vector<int64_t>>& own_rows) {
  const size_t record = recordBytes();
  const int rank = host.rank();
  Bytes mine(record * own.size(), 0);
  for (size_t lane = 0; lane < own.size(); lane++) std::memcpy(mine.data() + record * lane, &own[lane], sizeof own[lane]);
  const std::vector<LaneRange> own_parts = parts(rank);
  for (size_t part = 0; part < own_parts.size(); part++) {
    char* to = mine.data() + record * (own_parts[part].from - bounds_[rank]) + sizeof(LaneHeader);
    if (!own_rows[part].empty()) std::memcpy(to, own_rows[part].data(), own_rows[part].size() * sizeof(int64_t));
  }
  std::vector<size_t> sizes;
  for (int each = 0; each < world(); each++) sizes.push_back(record * (bounds_[each + 1] - bounds_[each]));
  records_.resize(record * shape_.lanes);
  host.allGatherV(mine.data(), sizes, records_.data());

  std::vector<LaneHeader> headers;
  for (int lane = 0; lane < shape_.lanes; lane++) headers.push_back(header(lane));
  agreeOnVersion(headers, {bounds_.begin(), bounds_.end() - 1});
  return summaryOf(headers);
}

LaneHeader ExchangeLayout::header(int lane) const {
  LaneHeader header;
  std::memcpy(&header, records_.data() + recordBytes() * lane, sizeof header);
  return header;
}

std::vector<LaneRange> ExchangeLayout::present(int rank) const {
  std::vector<LaneRange> with_examples;
  for (const LaneRange& part : parts(rank)) {
    int64_t examples = 0;
    for (int lane = part.from; lane < part.to; lane++) examples += header(lane).examples;
    if (examples > 0) with_examples.push_back(part);
  }
  return with_examples;
}

int64_t ExchangeLayout::rows(const LaneRange& part, size_t table, int owner) const {
  int64_t count;
  std::memcpy(&count, records_.data() + recordBytes() * part.from + sizeof(LaneHeader) + (table * world() + owner) * sizeof count, sizeof count);
  return count;
}

RowMessage ExchangeLayout::message(int rank, int owner) const {
  RowMessage result;
  const std::vector<LaneRange> with_examples = present(rank);
  for (size_t table = 0; table < tables(); table++) {
    result.counts.emplace_back();
    result.rows.emplace_back();
    result.values.emplace_back();
    for (const LaneRange& part : with_examples) result.add(rows(part, table, owner), width(table));
  }
  return result;
}

RowMessage ExchangeLayout::finished(int owner) const {
  RowMessage result;
  result.bytes = alignedInMessage(tables() * sizeof(int64_t));
  for (size_t table = 0; table < tables(); table++) {
    int64_t most = 0;
    for (int rank = 0; rank < world(); rank++)
      for (const LaneRange& part : present(rank)) most += rows(part, table, owner);
    result.counts.emplace_back();
    result.rows.emplace_back();
    result.values.emplace_back();
    result.add(most, width(table));
  }
  return result;
}

}  // namespace lossmith
