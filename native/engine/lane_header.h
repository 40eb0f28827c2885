// What every rank tells of its lanes before sums are made, and what all of them make of it alike.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/feed.h"

namespace lossmith {

struct LaneHeader {
  int64_t examples = 0;
  double loss = 0;
  Cursor cursor;
  int64_t flags = 0;
  int64_t version = 0;  // of the controller that weighed the losses
};
constexpr int64_t kNotFinite = 1, kOrder = 2;  // flags

struct StepSummary {
  int64_t examples = 0;
  double loss = 0;
  bool exhausted = false, order = false;
  std::vector<int> not_finite;  // lanes
  std::vector<Cursor> cursors;  // by lane
};

// `headers`: of all lanes, as many as a power of two. The loss is added by the lane tree.
StepSummary summaryOf(const std::vector<LaneHeader>& headers);

// Throws Error(Broken, "controller-version") unless the first lanes of all ranks have one version. Every rank sees the same headers, so all of them
// throw or none does.
void agreeOnVersion(const std::vector<LaneHeader>& headers, const std::vector<int>& first_lanes);

}  // namespace lossmith
