// See device_exchange_nccl.h. What goes where is exchange_layout.h's, the own sums are own_sums.h's.
#include "engine/cuda/device_exchange_nccl.h"

#include <algorithm>
#include <utility>

#include "engine/cuda/exchange_layout.h"
#include "engine/cuda/own_sums.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

// Device memory that is as large as its largest use.
class Growing {
 public:
  char* atLeast(Stream& stream, size_t bytes) {
    if (bytes > memory_.bytes()) {
      stream.synchronize();
      memory_ = DeviceMemory();
      memory_ = DeviceMemory(stream.device(), bytes + bytes / 4);
    }
    return memory_.as<char>();
  }

 private:
  DeviceMemory memory_;
};

class NcclExchange final : public DeviceExchange {
 public:
  NcclExchange(const DeviceExchangeOptions& options, Device& device, ExchangeKind kind, NcclCommunicator& nccl);

  StepSummary run(const std::vector<DeviceLaneGradient>& own, bool order, int64_t version) override {
    own_.add(own);
    std::vector<LaneHeader> headers;
    for (const DeviceLaneGradient& lane : own) headers.push_back(headerOf(lane, order, version));
    const StepSummary summary = layout_.gather(*host_, headers, own_.rowCounts());
    if (!summary.not_finite.empty() || summary.examples == 0) return summary;
    try {
      if (layout_.tree()) addByTree();
      else addByAllReduce();
      nccl_.wait(stream_);  // the host watches: a stream by itself would wait for a lost rank for ever
    } catch (...) {
      host_->abort();  // the other ranks wait by it
      throw;
    }
    return summary;
  }

  const float* dense() const override { return dense_.as<float>(); }
  const DeviceRows& rows(size_t table) const override { return sums_[table]; }

 private:
  using Leaves = std::vector<std::vector<RowLeafOnDevice>>;  // by table

  void addByTree();
  void sendToOwners(std::vector<TreeLeaf>& dense, Leaves& rows);
  void sendAndReceive(const std::vector<size_t>& packed_at, const std::vector<size_t>& rows_at, const std::vector<size_t>& dense_at);
  void gatherFromOwners(const std::vector<DeviceRows>& finished, const std::vector<RowMessage>& messages);
  void joinGathered(const char* gathered, const std::vector<int64_t>& at, const std::vector<RowMessage>& messages);
  void addByAllReduce();
  const int64_t* putCounts(int owner);
  void addLeaves(int rank, int owner, char* message, const int64_t*& counts, Leaves& leaves) const;
  std::vector<DeviceRows> addRows(const Leaves& leaves);

  const std::shared_ptr<Collective> host_;
  NcclCommunicator& nccl_;
  Stream& stream_;
  const int rank_, world_;
  ExchangeLayout layout_;
  OwnSums own_;
  DenseTreeOnDevice dense_tree_;
  std::vector<std::unique_ptr<RowTreeOnDevice>> row_trees_;  // of what arrives, by table
  DeviceMemory dense_, none_;                                // none_: a count of 0
  Growing packed_, rows_in_, dense_in_, gathered_, joined_;
  DeviceList<Segment> pack_list_, gather_list_;
  DeviceList<int64_t> count_list_, offset_list_;
  DeviceList<JoinRows> join_list_;
  std::vector<DeviceRows> sums_;  // by table
};

// What can arrive: every lane's rows, but of an owner's range only, and there at most all rows of each part.
std::vector<int64_t> arrivingRows(const DeviceExchangeOptions& options, const ExchangeLayout& layout) {
  int64_t parts = 0;
  for (int rank = 0; rank < layout.world(); rank++) parts += static_cast<int64_t>(layout.parts(rank).size());
  std::vector<int64_t> capacities;
  for (size_t table = 0; table < layout.tables(); table++) {
    const int64_t rows = options.shape.tables[table].first, range = layout.tree() ? rows / layout.world() + 1 : rows;
    capacities.push_back(std::min(options.lane_rows[table] * options.shape.lanes, range * parts));
  }
  return capacities;
}

NcclExchange::NcclExchange(const DeviceExchangeOptions& options, Device& device, ExchangeKind kind, NcclCommunicator& nccl)
    : host_(options.collective),
      nccl_(nccl),
      stream_(device.stream()),
      rank_(host_->rank()),
      world_(host_->world()),
      layout_(options.shape, kind, laneBounds(options.shape, host_.get(), options.first_lanes)),
      own_(options, layout_, rank_, device),
      dense_tree_(device, options.shape.lanes, options.shape.dense_size),
      row_trees_(rowTrees(device, options, arrivingRows(options, layout_))),
      dense_(device, options.shape.dense_size * sizeof(float)),
      none_(device, sizeof(int64_t)),
      sums_(layout_.tables()) {
  stream_.fill(none_.data(), 0, none_.bytes());
  // Lists take their memory now: to allocate waits for the device, and while NCCL works on it nothing may wait unwatched.
  gather_list_.put(stream_, std::vector<Segment>(3 * layout_.tables()));
  offset_list_.put(stream_, std::vector<int64_t>(world_ * (1 + 2 * layout_.tables())));
  join_list_.put(stream_, std::vector<JoinRows>(layout_.tables()));
  stream_.synchronize();
  layout_.agree(*host_);
}

void NcclExchange::addByTree() {
  std::vector<RowMessage> finished;
  for (int owner = 0; owner < world_; owner++) finished.push_back(layout_.finished(owner));
  size_t bytes = 0;
  for (const RowMessage& message : finished) bytes += message.bytes;
  gathered_.atLeast(stream_, bytes);  // as in the constructor, before NCCL begins
  joined_.atLeast(stream_, bytes);
  std::vector<TreeLeaf> dense;
  Leaves rows(layout_.tables());
  sendToOwners(dense, rows);
  const FloatRange mine = layout_.chunk(rank_);
  if (mine.size() > 0) dense_tree_.add(stream_, dense, mine.size(), dense_.as<float>() + mine.from);
  gatherFromOwners(addRows(rows), finished);
}

// Each part's chunks and rows to their owners. What comes is the leaves of the own chunk and rows, with the own ones among them.
void NcclExchange::sendToOwners(std::vector<TreeLeaf>& dense, Leaves& rows) {
  std::vector<size_t> packed_at = {0}, rows_at = {0}, dense_at = {0};  // by rank
  for (int rank = 0; rank < world_; rank++) {
    const bool self = rank == rank_;
    packed_at.push_back(packed_at.back() + layout_.message(rank_, rank).bytes);
    rows_at.push_back(rows_at.back() + (self ? 0 : layout_.message(rank, rank_).bytes));
    dense_at.push_back(dense_at.back() + (self ? 0 : layout_.present(rank).size() * layout_.chunk(rank_).bytes()));
  }
  char* const packed = packed_.atLeast(stream_, packed_at.back());
  char* const rows_in = rows_in_.atLeast(stream_, rows_at.back());
  char* const dense_in = dense_in_.atLeast(stream_, dense_at.back());
  std::vector<Segment> segments;
  for (int owner = 0; owner < world_; owner++) own_.pack(owner, packed + packed_at[owner], segments);
  copySegments(stream_, pack_list_.put(stream_, segments), segments.size());
  const int64_t* counts = putCounts(rank_);
  sendAndReceive(packed_at, rows_at, dense_at);

  for (int rank = 0; rank < world_; rank++) {
    const bool self = rank == rank_;
    addLeaves(rank, rank_, self ? packed + packed_at[rank] : rows_in + rows_at[rank], counts, rows);
    const float* arrived = reinterpret_cast<const float*>(dense_in + dense_at[rank]);
    for (const LaneRange& part : layout_.present(rank)) {
      if (!self) dense.push_back({part.from, arrived});
      arrived += layout_.chunk(rank_).size();
    }
    for (const OwnSums::Part& part : own_.parts()) {
      if (self && part.present) dense.push_back({part.lanes.from, part.dense + layout_.chunk(rank_).from});
    }
  }
}

// One group: to every owner the chunk of each part, and the message of rows.
void NcclExchange::sendAndReceive(const std::vector<size_t>& packed_at, const std::vector<size_t>& rows_at, const std::vector<size_t>& dense_at) {
  char* const packed = packed_.atLeast(stream_, packed_at.back());
  char* const rows_in = rows_in_.atLeast(stream_, rows_at.back());
  char* const dense_in = dense_in_.atLeast(stream_, dense_at.back());
  const auto send = [&](const void* from, size_t bytes, int to) {
    if (bytes > 0) nccl_.send(from, bytes, nccl::ncclUint8, to, stream_);
  };
  const auto receive = [&](void* to, size_t bytes, int from) {
    if (bytes > 0) nccl_.receive(to, bytes, nccl::ncclUint8, from, stream_);
  };
  nccl_.group([&] {
    for (int step = 1; step < world_; step++) {
      const int to = (rank_ + step) % world_, from = (rank_ + world_ - step) % world_;
      for (const OwnSums::Part& part : own_.parts()) {
        if (part.present) send(part.dense + layout_.chunk(to).from, layout_.chunk(to).bytes(), to);
      }
      send(packed + packed_at[to], packed_at[to + 1] - packed_at[to], to);
      const size_t chunk = layout_.chunk(rank_).bytes();
      for (size_t part = 0; part < layout_.present(from).size(); part++) receive(dense_in + dense_at[from] + part * chunk, chunk, from);
      receive(rows_in + rows_at[from], rows_at[from + 1] - rows_at[from], from);
    }
  });
}

// The finished chunks, in place, and the owners' rows.
void NcclExchange::gatherFromOwners(const std::vector<DeviceRows>& finished, const std::vector<RowMessage>& messages) {
  std::vector<size_t> chunks, sizes;
  std::vector<int64_t> at = {0};
  for (int owner = 0; owner < world_; owner++) {
    chunks.push_back(layout_.chunk(owner).bytes());
    sizes.push_back(messages[owner].bytes);
    at.push_back(at[owner] + static_cast<int64_t>(sizes[owner]));
  }
  char* const gathered = gathered_.atLeast(stream_, at.back());
  char* const mine = gathered + at[rank_];
  std::vector<Segment> segments;
  for (size_t table = 0; table < layout_.tables(); table++) {
    const DeviceRows& rows = finished[table];
    const int64_t most = messages[rank_].counts[table][0];
    segments.push_back({rows.count, mine + table * sizeof(int64_t), 1, 2, nullptr});
    segments.push_back({rows.rows, mine + messages[rank_].rows[table][0], most, 2, rows.count});
    segments.push_back({rows.values, mine + messages[rank_].values[table][0], most, rows.width, rows.count});
  }
  copySegments(stream_, gather_list_.put(stream_, segments), segments.size());
  nccl_.group([&] {
    nccl_.allGatherV(dense_.as<float>() + layout_.chunk(rank_).from, chunks, dense_.data(), stream_);
    if (layout_.tables() > 0) nccl_.allGatherV(mine, sizes, gathered, stream_);
  });
  joinGathered(gathered, at, messages);
}

// Owners' ranges of rows ascend, so their rows one behind the other do.
void NcclExchange::joinGathered(const char* gathered, const std::vector<int64_t>& at, const std::vector<RowMessage>& messages) {
  const size_t tables = layout_.tables();
  if (tables == 0) return;
  std::vector<int64_t> offsets(at.begin(), at.end() - 1);  // of messages; then by table: of its rows, of its values
  std::vector<size_t> places = {alignedInMessage(tables * sizeof(int64_t))};
  for (size_t table = 0; table < tables; table++) {
    int64_t most = 0;
    for (const RowMessage& message : messages) most += message.counts[table][0];
    for (const RowMessage& message : messages) offsets.push_back(static_cast<int64_t>(message.rows[table][0]));
    for (const RowMessage& message : messages) offsets.push_back(static_cast<int64_t>(message.values[table][0]));
    sums_[table].width = layout_.width(table);
    sums_[table].capacity = most;
    places.push_back(places.back() + alignedInMessage(most * sizeof(int64_t)));
    places.push_back(places.back() + alignedInMessage(most * layout_.width(table) * sizeof(float)));
  }
  char* const joined = joined_.atLeast(stream_, places.back());
  const int64_t* in_memory = offset_list_.put(stream_, offsets);
  std::vector<JoinRows> list;
  for (size_t table = 0; table < tables; table++) {
    DeviceRows& sum = sums_[table];
    sum.count = reinterpret_cast<int64_t*>(joined) + table;
    sum.rows = reinterpret_cast<int64_t*>(joined + places[2 * table]);
    sum.values = reinterpret_cast<float*>(joined + places[2 * table + 1]);
    const int64_t* of_table = in_memory + world_ * (1 + 2 * table);
    list.push_back({gathered, in_memory, of_table, of_table + world_, static_cast<int64_t>(table), sum.width, sum.count, sum.rows, sum.values});
  }
  joinRows(stream_, join_list_.put(stream_, list), list.size(), world_);
}

// Every rank's sum of its lanes: NCCL adds the dense vectors, rows go to all.
void NcclExchange::addByAllReduce() {
  std::vector<size_t> sizes, at = {0};
  for (int rank = 0; rank < world_; rank++) {
    sizes.push_back(layout_.message(rank, 0).bytes);
    at.push_back(at.back() + sizes.back());
  }
  char* const gathered = gathered_.atLeast(stream_, at.back());
  std::vector<Segment> segments;
  own_.pack(0, gathered + at[rank_], segments);
  copySegments(stream_, pack_list_.put(stream_, segments), segments.size());
  const int64_t* counts = putCounts(0);
  const OwnSums::Part& own = own_.parts().front();
  if (!own.present) stream_.fill(dense_.data(), 0, dense_.bytes());
  nccl_.group([&] {
    const float* from = own.present ? own.dense : dense_.as<float>();
    nccl_.allReduce(from, dense_.data(), layout_.shape().dense_size, nccl::ncclFloat32, nccl::ncclSum, stream_);
    if (layout_.tables() > 0) nccl_.allGatherV(gathered + at[rank_], sizes, gathered, stream_);
  });
  Leaves leaves(layout_.tables());
  for (int rank = 0; rank < world_; rank++) addLeaves(rank, 0, gathered + at[rank], counts, leaves);
  sums_ = addRows(leaves);
}

// Rows that each part of every rank has for an owner, by rank, part and table, in device memory.
const int64_t* NcclExchange::putCounts(int owner) {
  std::vector<int64_t> counts;
  for (int rank = 0; rank < world_; rank++) {
    for (const LaneRange& part : layout_.present(rank)) {
      for (size_t table = 0; table < layout_.tables(); table++) counts.push_back(layout_.rows(part, table, owner));
    }
  }
  return count_list_.put(stream_, counts);
}

// A rank's message as leaves. `counts` goes on by one for each part and table. A part without rows of a table is left out of it.
void NcclExchange::addLeaves(int rank, int owner, char* message, const int64_t*& counts, Leaves& leaves) const {
  const RowMessage layout = layout_.message(rank, owner);
  const std::vector<LaneRange> parts = layout_.present(rank);
  for (size_t part = 0; part < parts.size(); part++) {
    for (size_t table = 0; table < layout_.tables(); table++) {
      const int64_t count = layout.counts[table][part];
      const int64_t* in_memory = counts++;
      if (count == 0) continue;
      leaves[table].push_back(
          {parts[part].from,
           {layout_.width(table), count, const_cast<int64_t*>(in_memory), reinterpret_cast<int64_t*>(message + layout.rows[table][part]),
            reinterpret_cast<float*>(message + layout.values[table][part])}});
    }
  }
}

std::vector<DeviceRows> NcclExchange::addRows(const Leaves& leaves) {
  std::vector<DeviceRows> sums;
  for (size_t table = 0; table < layout_.tables(); table++) {
    if (leaves[table].empty()) sums.push_back({layout_.width(table), 0, none_.as<int64_t>(), nullptr, nullptr});
    else sums.push_back(row_trees_[table]->add(stream_, leaves[table]));
  }
  return sums;
}

// Which of the ways it is, is agreed on when all ranks are there: at the first run.
class ExchangeBetweenGpus final : public DeviceExchange {
 public:
  ExchangeBetweenGpus(const DeviceExchangeOptions& options, Device& device, ThreadTeam& team, ExchangeKind kind, std::shared_ptr<NcclWorld> world)
      : options_(options), device_(device), team_(team), kind_(kind), world_(std::move(world)) {
    laneBounds(options_.shape, options_.collective.get(), options_.first_lanes);
  }

  StepSummary run(const std::vector<DeviceLaneGradient>& own, bool order, int64_t version) override {
    if (!chosen_) choose();
    return chosen_->run(own, order, version);
  }
  const float* dense() const override { return chosen_->dense(); }
  const DeviceRows& rows(size_t table) const override { return chosen_->rows(table); }

 private:
  void choose() {
    if (world_->communicator() != nullptr) {
      chosen_ = std::make_unique<NcclExchange>(options_, device_, kind_, *world_->communicator());
    } else if (kind_ == ExchangeKind::AllReduce) {
      throw configError("nccl-missing", "[exchange] wanted NCCL for an all-reduce, got none: " + world_->why());
    } else {
      world_->sayOnce();
      chosen_ = makeStagedExchange(options_, device_, team_);
    }
  }

  const DeviceExchangeOptions options_;
  Device& device_;
  ThreadTeam& team_;
  const ExchangeKind kind_;
  const std::shared_ptr<NcclWorld> world_;
  std::unique_ptr<DeviceExchange> chosen_;  // before its world goes
};

}  // namespace

std::unique_ptr<DeviceExchange> makeNcclExchange(const DeviceExchangeOptions& options, Device& device, ThreadTeam& team, ExchangeKind kind,
                                                 std::shared_ptr<NcclWorld> world) {
  return std::make_unique<ExchangeBetweenGpus>(options, device, team, kind, std::move(world));
}

}  // namespace lossmith
