// The exchange of a world of one: all lanes are here, their sum is one tree on the device.
#include <algorithm>

#include "engine/cuda/dense_tree_on_device.h"
#include "engine/cuda/device_exchange.h"
#include "engine/cuda/row_tree_on_device.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

class LocalExchange : public DeviceExchange {
 public:
  LocalExchange(const DeviceExchangeOptions& options, Device& device)
      : shape_(options.shape), device_(device), dense_tree_(device, shape_.lane_count, shape_.dense_size) {
    row_sums_.resize(shape_.tables.size());
    if (shape_.lane_count == 1) return;  // the sum is the lane's own
    dense_ = DeviceMemory(device, shape_.dense_size * sizeof(float));
    for (size_t table = 0; table < shape_.tables.size(); table++) {
      const auto& [rows, width] = shape_.tables[table];
      const RowTreeOnDevice* like = options.same_rows[table] < 0 ? nullptr : row_trees_[options.same_rows[table]].get();
      row_trees_.push_back(std::make_unique<RowTreeOnDevice>(device, rows, width, options.lane_rows[table] * shape_.lane_count, like));
    }
  }

  StepSummary run(const std::vector<DeviceLaneGradient>& own, bool order, int64_t version) override {
    if (static_cast<int>(own.size()) != shape_.lanes) {
      throw configError("lanes", "[exchange] wanted a collective: this trainer owns " + std::to_string(own.size()) + " of " +
                                     std::to_string(shape_.lanes) + " lanes");
    }
    std::vector<LaneHeader> headers;
    for (const DeviceLaneGradient& lane : own) headers.push_back(headerOf(lane, order, version));
    const StepSummary summary = summaryOf(headers);
    if (summary.not_finite.empty() && summary.examples > 0) add(own);
    return summary;
  }

  const float* dense() const override { return dense_sum_; }
  const DeviceRows& rows(size_t table) const override { return row_sums_[table]; }

 private:
  void add(const std::vector<DeviceLaneGradient>& own) {
    std::vector<TreeLeaf> leaves;
    for (size_t lane = 0; lane < own.size(); lane++) {
      if (own[lane].examples > 0) leaves.push_back({static_cast<int>(lane), own[lane].dense});
    }
    dense_sum_ = leaves.size() == 1 ? leaves[0].values : dense_.as<float>();
    if (leaves.size() > 1) dense_tree_.add(device_.stream(), leaves, shape_.dense_size, dense_.as<float>());
    for (size_t table = 0; table < row_sums_.size(); table++) {
      std::vector<RowLeafOnDevice> rows;
      for (const TreeLeaf& leaf : leaves) rows.push_back({leaf.lane, own[leaf.lane].tables[table]});
      row_sums_[table] = rows.size() == 1 ? rows[0].rows : row_trees_[table]->add(device_.stream(), rows);
    }
  }

  const ExchangeShape shape_;
  Device& device_;
  DenseTreeOnDevice dense_tree_;
  DeviceMemory dense_;
  std::vector<std::unique_ptr<RowTreeOnDevice>> row_trees_;  // by table; none for one lane
  const float* dense_sum_ = nullptr;
  std::vector<DeviceRows> row_sums_;  // by table
};

}  // namespace

LaneHeader headerOf(const DeviceLaneGradient& lane, bool order, int64_t version) {
  return {lane.examples, lane.loss, lane.cursor, (lane.finite ? 0 : kNotFinite) | (order ? kOrder : 0), version};
}

std::unique_ptr<DeviceExchange> makeLocalExchange(const DeviceExchangeOptions& options, Device& device) {
  return std::make_unique<LocalExchange>(options, device);
}

}  // namespace lossmith
