// See row_tree_on_device.h. Leaves lie one behind the other as entries, ascending by lane; a stable sort by row keeps that order within a row.
#include <algorithm>

#include "engine/cuda/key_groups.cuh"
#include "engine/cuda/lane_order.cuh"
#include "engine/cuda/row_tree_on_device.h"

namespace lossmith {
namespace {

constexpr int kLeavesPerLaunch = 32;

struct LeafEntries {
  const int64_t* count;
  const int64_t* rows;
  const float* values;
  int64_t end;  // of its entries among those of the launch
  int lane;
};

// What the sum reads of an entry, and its key: the entries of a leaf beyond its count have none.
struct PutEntries {
  LeafEntries leaves[kLeavesPerLaunch];
  int count;
  int64_t first, width;
  uint64_t none;
  bool keyed;
  KeyArray keys;
  const float** sources;
  int32_t* lanes;

  __host__ __device__ void operator()(int64_t i) const {
    const int number = firstEndAbove(i, count, [this](int k) { return leaves[k].end; });
    const LeafEntries& leaf = leaves[number];
    const int64_t at = number == 0 ? i : i - leaves[number - 1].end, entry = first + i;
    sources[entry] = leaf.values + at * width;
    lanes[entry] = leaf.lane;
    if (keyed) keys.put(entry, at < *leaf.count ? static_cast<uint64_t>(leaf.rows[at]) : none);
  }
};

template <int V>
struct SumEntries {
  const int64_t* count;
  const uint32_t* begins;
  const uint32_t* entries;
  const float* const* sources;
  const int32_t* lanes;
  RowParts parts;
  int64_t width;
  float* out;

  __host__ __device__ void operator()(int64_t i) const {
    const RowPart at = parts.of(i);
    if (at.row >= *count) return;
    const uint32_t* of = entries + begins[at.row];
    const int64_t leaves = begins[at.row + 1] - begins[at.row], column = at.part * V;
    const auto valueAt = [&](int64_t k) { return Floats<V>::load(sources[of[k]] + column); };
    const auto partingAt = [&](int64_t k) { return parting(lanes[of[k - 1]], lanes[of[k]]); };
    addInLaneOrder<V>(leaves, partingAt, valueAt).store(out + at.row * width + column);
  }
};

}  // namespace

RowTreeOnDevice::RowTreeOnDevice(Device& device, int64_t table_rows, int64_t width, int64_t capacity, const RowTreeOnDevice* like)
    : table_rows_(table_rows),
      width_(width),
      most_(std::min(capacity, table_rows)),
      keys_(like == nullptr ? std::make_unique<KeyGroups>(device, capacity) : nullptr),
      like_(like),
      sources_(device, capacity * sizeof(float*)),
      lanes_(device, capacity * sizeof(int32_t)),
      values_(device, most_ * width * sizeof(float)) {}

RowTreeOnDevice::~RowTreeOnDevice() = default;
RowTreeOnDevice::RowTreeOnDevice(RowTreeOnDevice&&) noexcept = default;

DeviceRows RowTreeOnDevice::add(Stream& stream, const std::vector<RowLeafOnDevice>& leaves) {
  if (leaves.size() == 1) return leaves[0].rows;
  const KeyGroups& groups = like_ != nullptr ? *like_->keys_ : *keys_;
  bool fours = inFours(width_);
  int64_t entries = 0;
  for (size_t from = 0; from < leaves.size(); from += kLeavesPerLaunch) {
    PutEntries put{};
    put.first = entries;
    put.width = width_;
    put.none = static_cast<uint64_t>(table_rows_);
    put.keyed = like_ == nullptr;
    put.keys = groups.keys(put.none);
    put.sources = sources_.as<const float*>();
    put.lanes = lanes_.as<int32_t>();
    for (size_t i = from; i < std::min(leaves.size(), from + kLeavesPerLaunch); i++) {
      const DeviceRows& rows = leaves[i].rows;
      entries += rows.capacity;
      put.leaves[put.count++] = {rows.count, rows.rows, rows.values, entries - put.first, leaves[i].lane};
      fours = fours && inFours(rows.values);
    }
    forEach(stream, entries - put.first, put);
  }
  if (like_ == nullptr) keys_->group(stream, entries, static_cast<uint64_t>(table_rows_), static_cast<uint64_t>(table_rows_));
  const int64_t most = std::min(most_, entries);
  sum(stream, groups, most, fours);
  return {width_, most, groups.count(), groups.groupKeys(), values_.as<float>()};
}

void RowTreeOnDevice::sum(Stream& stream, const KeyGroups& groups, int64_t most, bool fours) const {
  const auto launch = [&]<int V>(std::integral_constant<int, V>) {
    const int64_t parts = width_ / V;
    forEach(stream, most * parts,
            SumEntries<V>{groups.count(), groups.begins(), groups.entries(), sources_.as<const float*>(), lanes_.as<int32_t>(), RowParts(parts),
                          width_, values_.as<float>()});
  };
  if (fours) launch(std::integral_constant<int, 4>());
  else launch(std::integral_constant<int, 1>());
}

}  // namespace lossmith
