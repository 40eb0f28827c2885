// The exchange of a world of several where NCCL cannot be: gradients go to host memory, through the host's exchange, and the sums come back.
#include <algorithm>

#include "engine/cuda/device_exchange.h"

namespace lossmith {
namespace {

class StagedExchange : public DeviceExchange {
 public:
  StagedExchange(const DeviceExchangeOptions& options, Device& device, ThreadTeam& team)
      : device_(device), exchange_(options.shape, team), own_(options.shape.lane_count), dense_(device, options.shape.dense_size * sizeof(float)) {
    exchange_.setCollective(options.collective, options.first_lanes);
    for (LaneGradient& lane : own_) {
      lane.dense = AlignedFloats(options.shape.dense_size);
      for (const auto& [rows, width] : options.shape.tables) lane.tables.push_back({width, {}, {}});
    }
    for (const auto& [rows, width] : options.shape.tables) {
      sums_.emplace_back();
      sums_.back().rows.width = width;
      sums_.back().count = DeviceMemory(device, sizeof(int64_t));
    }
  }

  StepSummary run(const std::vector<DeviceLaneGradient>& own, bool order, int64_t version) override {
    for (size_t lane = 0; lane < own_.size(); lane++) copyOut(own[lane], own_[lane]);
    device_.stream().synchronize();
    const StepSummary summary = exchange_.run(own_, order, version);
    if (summary.not_finite.empty() && summary.examples > 0) copyIn();
    return summary;
  }

  const float* dense() const override { return dense_.as<float>(); }
  const DeviceRows& rows(size_t table) const override { return sums_[table].rows; }

 private:
  struct Sum {
    DeviceRows rows;
    DeviceMemory count, row_memory, values;
    int64_t host_count = 0;
  };

  void copyOut(const DeviceLaneGradient& from, LaneGradient& to) {
    to.examples = from.examples;
    to.loss = from.loss;
    to.cursor = from.cursor;
    to.finite = from.finite;
    if (from.examples == 0) return;
    Stream& stream = device_.stream();
    stream.copyOut(to.dense.data(), from.dense, to.dense.size() * sizeof(float));
    for (size_t table = 0; table < to.tables.size(); table++) {
      RowSparse& rows = to.tables[table];
      const int64_t count = from.row_counts[table];
      rows.rows.resize(count);
      rows.values.resize(count * rows.width);
      stream.copyOut(rows.rows.data(), from.tables[table].rows, count * sizeof(int64_t));
      stream.copyOut(rows.values.data(), from.tables[table].values, count * rows.width * sizeof(float));
    }
  }

  // Memory of the sums grows with them. The host's sums stay as they are until its next run, which comes after a synchronisation.
  void copyIn() {
    Stream& stream = device_.stream();
    stream.copyIn(dense_.data(), exchange_.dense(), dense_.bytes());
    for (size_t table = 0; table < sums_.size(); table++) {
      Sum& sum = sums_[table];
      const int64_t width = sum.rows.width;
      sum.host_count = 0;
      for (const RowSpan& span : exchange_.rows(table)) sum.host_count += span.count;
      reserve(sum, sum.host_count);
      int64_t at = 0;
      for (const RowSpan& span : exchange_.rows(table)) {
        stream.copyIn(sum.rows.rows + at, span.rows, span.count * sizeof(int64_t));
        stream.copyIn(sum.rows.values + at * width, span.values, span.count * width * sizeof(float));
        at += span.count;
      }
      stream.copyIn(sum.rows.count, &sum.host_count, sizeof sum.host_count);
    }
  }

  void reserve(Sum& sum, int64_t count) {
    if (count > sum.rows.capacity || sum.rows.capacity == 0) {
      sum.rows.capacity = count + count / 4 + 1;
      device_.stream().synchronize();  // the old memory may still be in use
      sum.row_memory = DeviceMemory(device_, sum.rows.capacity * sizeof(int64_t));
      sum.values = DeviceMemory(device_, sum.rows.capacity * sum.rows.width * sizeof(float));
    }
    sum.rows.count = sum.count.as<int64_t>();
    sum.rows.rows = sum.row_memory.as<int64_t>();
    sum.rows.values = sum.values.as<float>();
  }

  Device& device_;
  Exchange exchange_;
  std::vector<LaneGradient> own_;
  DeviceMemory dense_;
  std::vector<Sum> sums_;  // by table
};

}  // namespace

std::unique_ptr<DeviceExchange> makeStagedExchange(const DeviceExchangeOptions& options, Device& device, ThreadTeam& team) {
  return std::make_unique<StagedExchange>(options, device, team);
}

}  // namespace lossmith
