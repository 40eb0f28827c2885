// A rank's part in an exchange between GPUs before anything is sent: the sums over the lanes of each of its parts (exchange_layout.h), and how many
// of their rows go to which owner.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/cuda/dense_tree_on_device.h"
#include "engine/cuda/device_exchange.h"
#include "engine/cuda/exchange_layout.h"
#include "engine/cuda/row_tree_on_device.h"
#include "engine/cuda/segments.h"

namespace lossmith {

// Row trees for tables, of which some always have the rows of an earlier one.
std::vector<std::unique_ptr<RowTreeOnDevice>> rowTrees(Device& device, const DeviceExchangeOptions& options, const std::vector<int64_t>& capacities);

class OwnSums {
 public:
  struct Part {
    LaneRange lanes;
    bool present = false;          // has examples; the sums are of meaning only then
    const float* dense = nullptr;  // a part of one lane with examples is that lane's gradient as it lies
    std::vector<DeviceRows> rows;  // by table

   private:
    friend class OwnSums;
    size_t first_split = 0;  // of its tables in splits_
    DeviceMemory memory;     // of the dense sum, where there is more than one lane
    std::vector<std::unique_ptr<RowTreeOnDevice>> trees;
  };

  OwnSums(const DeviceExchangeOptions& options, const ExchangeLayout& layout, int rank, Device& device);

  // Waits for the device: the numbers of rows are known afterwards.
  void add(const std::vector<DeviceLaneGradient>& own);
  const std::vector<Part>& parts() const { return parts_; }
  // By part: rows [table][owner]; of an all-reduce all are owner 0's.
  std::vector<std::vector<int64_t>> rowCounts() const;
  // Appends the copies that make the message to an owner, once the layout knows the step.
  void pack(int owner, char* message, std::vector<Segment>& segments) const;

 private:
  void addPart(Part& part, const std::vector<DeviceLaneGradient>& own);
  void splitRowsByOwner();
  // The first of a table's rows that belongs to the owner; behind the last owner all rows.
  int64_t split(const Part& part, size_t table, int owner) const {
    return host_splits_.as<int64_t>()[(part.first_split + table) * (layout_.world() + 1) + owner];
  }

  const ExchangeLayout& layout_;
  const int rank_;
  Stream& stream_;
  std::vector<Part> parts_;
  DenseTreeOnDevice dense_tree_;
  DeviceList<SplitRows> list_;
  DeviceMemory splits_;
  PinnedMemory host_splits_;
};

}  // namespace lossmith
