// See own_sums.h.
#include "engine/cuda/own_sums.h"

#include <string>
#include <utility>

#include "engine/errors.h"

namespace lossmith {

std::vector<std::unique_ptr<RowTreeOnDevice>> rowTrees(Device& device, const DeviceExchangeOptions& options, const std::vector<int64_t>& capacities) {
  std::vector<std::unique_ptr<RowTreeOnDevice>> trees;
  for (size_t table = 0; table < capacities.size(); table++) {
    const RowTreeOnDevice* like = options.same_rows[table] < 0 ? nullptr : trees[options.same_rows[table]].get();
    const auto& [rows, width] = options.shape.tables[table];
    trees.push_back(std::make_unique<RowTreeOnDevice>(device, rows, width, capacities[table], like));
  }
  return trees;
}

OwnSums::OwnSums(const DeviceExchangeOptions& options, const ExchangeLayout& layout, int rank, Device& device)
    : layout_(layout), rank_(rank), stream_(device.stream()), dense_tree_(device, options.shape.lanes, options.shape.dense_size) {
  for (const LaneRange& lanes : layout.parts(rank)) {
    Part part;
    part.lanes = lanes;
    if (lanes.to - lanes.from > 1) {
      part.memory = DeviceMemory(device, options.shape.dense_size * sizeof(float));
      std::vector<int64_t> capacities = options.lane_rows;
      for (int64_t& capacity : capacities) capacity *= lanes.to - lanes.from;
      part.trees = rowTrees(device, options, capacities);
    }
    part.rows.resize(layout.tables());
    parts_.push_back(std::move(part));
  }
  const size_t bytes = parts_.size() * layout.tables() * (layout.world() + 1) * sizeof(int64_t);
  splits_ = DeviceMemory(device, bytes);
  host_splits_ = PinnedMemory(device, bytes);
}

void OwnSums::add(const std::vector<DeviceLaneGradient>& own) {
  if (static_cast<int>(own.size()) != layout_.firstLane(rank_ + 1) - layout_.firstLane(rank_)) {
    throw configError("lanes", "[exchange] wanted the gradients of all own lanes, got " + std::to_string(own.size()));
  }
  for (Part& part : parts_) addPart(part, own);
  splitRowsByOwner();
}

void OwnSums::addPart(Part& part, const std::vector<DeviceLaneGradient>& own) {
  std::vector<TreeLeaf> leaves;
  const auto gradientOf = [&](int lane) -> const DeviceLaneGradient& { return own[lane - layout_.firstLane(rank_)]; };
  for (int lane = part.lanes.from; lane < part.lanes.to; lane++) {
    if (gradientOf(lane).examples > 0) leaves.push_back({lane, gradientOf(lane).dense});
  }
  part.present = !leaves.empty();
  if (!part.present) return;
  part.dense = leaves[0].values;
  if (leaves.size() > 1) {
    dense_tree_.add(stream_, leaves, layout_.shape().dense_size, part.memory.as<float>());
    part.dense = part.memory.as<float>();
  }
  for (size_t table = 0; table < layout_.tables(); table++) {
    std::vector<RowLeafOnDevice> rows;
    for (const TreeLeaf& leaf : leaves) {
      rows.push_back({leaf.lane, gradientOf(leaf.lane).tables[table]});
      rows.back().rows.capacity = gradientOf(leaf.lane).row_counts[table];
    }
    part.rows[table] = leaves.size() == 1 ? rows[0].rows : part.trees[table]->add(stream_, rows);
  }
}

void OwnSums::splitRowsByOwner() {
  std::vector<SplitRows> list;
  for (Part& part : parts_) {
    part.first_split = list.size();
    if (!part.present) continue;
    for (size_t table = 0; table < layout_.tables(); table++) {
      list.push_back({part.rows[table].rows, part.rows[table].count, layout_.shape().tables[table].first});
    }
  }
  if (list.empty()) return;
  splitRows(stream_, list_.put(stream_, list), list.size(), layout_.world(), splits_.as<int64_t>());
  stream_.copyOut(host_splits_.as<int64_t>(), splits_.data(), list.size() * (layout_.world() + 1) * sizeof(int64_t));
  stream_.synchronize();
}

std::vector<std::vector<int64_t>> OwnSums::rowCounts() const {
  const int world = layout_.world();
  std::vector<std::vector<int64_t>> counts;
  for (const Part& part : parts_) {
    std::vector<int64_t>& of_part = counts.emplace_back(layout_.tables() * world, 0);
    if (!part.present) continue;
    for (size_t table = 0; table < layout_.tables(); table++) {
      if (!layout_.tree()) {
        of_part[table * world] = split(part, table, world);
        continue;
      }
      for (int owner = 0; owner < world; owner++) of_part[table * world + owner] = split(part, table, owner + 1) - split(part, table, owner);
    }
  }
  return counts;
}

void OwnSums::pack(int owner, char* message, std::vector<Segment>& segments) const {
  const RowMessage layout = layout_.message(rank_, owner);
  size_t number = 0;
  for (const Part& part : parts_) {
    if (!part.present) continue;
    for (size_t table = 0; table < layout_.tables(); table++) {
      const int64_t from = layout_.tree() ? split(part, table, owner) : 0, count = layout.counts[table][number], width = layout_.width(table);
      if (count == 0) continue;
      segments.push_back({part.rows[table].rows + from, message + layout.rows[table][number], count, 2, nullptr});
      segments.push_back({part.rows[table].values + from * width, message + layout.values[table][number], count, width, nullptr});
    }
    number++;
  }
}

}  // namespace lossmith
