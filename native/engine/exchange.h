// Adds the gradients of all lanes of all ranks by the lane tree (lanes/lane_tree.h), so that the bits depend neither on the number of
// ranks nor on threads. One step:
//   1 rows      each rank adds the row-sparse gradients of its maximal aligned subtrees
//   2 header    all-gather: per lane its examples, loss, cursor, flags, controller version and payload sizes; one that is not finite ends it here
//   3 sums      each rank adds its subtrees' dense gradients, chunk by chunk (one chunk of the vector, one range of rows per rank)
//   4 to owners all-to-all: chunk c of every subtree goes to rank c, which finishes the tree; the own chunk is added meanwhile
//   5 to all    all-gather of the finished chunks; rows are finished while dense chunks travel
// A world of one does 1 and 3 and needs no network. Threads share 1, 3 and 4 by ranges.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/collective/collective.h"
#include "engine/data/feed.h"
#include "engine/lane_header.h"
#include "engine/lanes/lane_tree.h"
#include "engine/lanes/row_tree.h"
#include "engine/lanes/thread_team.h"
#include "engine/row_sparse.h"
#include "engine/state/dense_state.h"

namespace lossmith {

// What a lane brings: gradients of the sum over its examples. A lane without examples is absent from every sum.
struct LaneGradient {
  int64_t examples = 0;
  double loss = 0;
  Cursor cursor;
  bool finite = true;
  AlignedFloats dense;
  std::vector<RowSparse> tables;
};

struct ExchangeShape {
  int lanes, first_lane, lane_count;
  int64_t dense_size;
  std::vector<std::pair<int64_t, int64_t>> tables;  // rows, width

  bool operator==(const ExchangeShape&) const = default;
};

// The first lanes of all ranks (first_lanes[r] is rank r's) and the number of lanes behind the last. Without a collective the world is one rank,
// which may own some of the lanes only: it is of use once it is given one. Throws Error(Config, "lanes") when that does not fit the shape.
std::vector<int> laneBounds(const ExchangeShape& shape, const Collective* collective, const std::vector<int>& first_lanes);

class Exchange {
 public:
  Exchange(ExchangeShape shape, ThreadTeam& team);

  // See laneBounds.
  void setCollective(std::shared_ptr<Collective> collective, const std::vector<int>& first_lanes);

  // One exchange of the own lanes (shape.lane_count of them). `version` is that of the controller that weighed the losses: ranks of
  // different ones get Error(Broken, "controller-version"). Throws what the collective throws; the sums are then of no use.
  StepSummary run(const std::vector<LaneGradient>& own, bool order, int64_t version);

  // The sums of the last run, when it was finite and had examples. Rows of a table: spans in ascending order of rows.
  const float* dense() const { return dense_.data(); }
  const std::vector<RowSpan>& rows(size_t table) const { return sums_[table]; }

 private:
  struct Range {
    int64_t from, to;
  };
  // Where the parts of what one rank sends to one owner lie, in bytes; by subtree with examples, and by table.
  struct Payload {
    std::vector<int> subtrees;  // first lanes
    std::vector<size_t> dense;
    std::vector<std::vector<int64_t>> counts;  // rows
    std::vector<std::vector<size_t>> rows, values;
    size_t bytes = 0;
  };

  Range chunk(int owner) const;
  Range rowsOf(size_t table, int owner) const;
  Range rowsOfPart(size_t table, int owner, int64_t part) const;
  std::vector<int> subtreeBounds(int rank) const;
  size_t headerBytes() const;
  const char* header(int lane) const { return headers_.data() + headerBytes() * lane; }
  RowSegment& ownRows(size_t table, int owner, int64_t part, size_t subtree);
  Payload payload(int from, int to) const;
  const Bytes& arrived(int rank) const { return rank == rank_ ? outgoing_[rank] : incoming_[rank]; }

  void agreeOnShape();
  void addOwnRows(const std::vector<LaneGradient>& own);
  StepSummary gatherHeaders(const std::vector<LaneGradient>& own, bool order, int64_t version);
  void addAll(const std::vector<LaneGradient>& own);
  void pack(const std::vector<LaneGradient>& own, int owner);
  void addOverRanks(const std::vector<LaneGradient>& own);
  void beginToOwners();
  void finishDense();
  void finishRows();
  void gatherRows();
  size_t mostRowBytes(int owner) const;
  std::vector<TreeLeaf> leavesWithin(const std::vector<LaneGradient>& own, int from, int to) const;

  ExchangeShape shape_;
  ThreadTeam& team_;
  int64_t parts_;  // ranges of rows per owner that threads share
  std::shared_ptr<Collective> collective_;
  bool agreed_ = true;
  int rank_ = 0, world_ = 1;
  std::vector<int> first_lanes_;  // by rank, and the number of lanes behind the last

  Bytes headers_;                            // by lane
  std::vector<std::vector<float>> scratch_;  // by thread
  std::vector<RowSegment> own_rows_;         // by table, owner, part, own subtree
  std::vector<RowSegment> owner_rows_;       // by table, part
  std::vector<Bytes> outgoing_, incoming_;   // by rank
  Bytes packed_, gathered_;
  AlignedFloats dense_;
  std::vector<std::vector<RowSpan>> sums_;  // by table
};

}  // namespace lossmith
