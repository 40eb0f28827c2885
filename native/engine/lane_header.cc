// See lane_header.h.
#include "engine/lane_header.h"

#include <string>

#include "engine/errors.h"
#include "engine/lanes/lane_tree.h"

namespace lossmith {

StepSummary summaryOf(const std::vector<LaneHeader>& headers) {
  StepSummary summary;
  summary.exhausted = true;
  std::vector<double> losses;
  std::vector<bool> present;
  for (const LaneHeader& header : headers) {
    summary.examples += header.examples;
    summary.exhausted = summary.exhausted && header.cursor.exhausted != 0;
    summary.order = summary.order || (header.flags & kOrder) != 0;
    if (header.flags & kNotFinite) summary.not_finite.push_back(static_cast<int>(&header - headers.data()));
    summary.cursors.push_back(header.cursor);
    losses.push_back(header.loss);
    present.push_back(header.examples > 0);
  }
  summary.loss = addScalarTree(losses, present);
  return summary;
}

void agreeOnVersion(const std::vector<LaneHeader>& headers, const std::vector<int>& first_lanes) {
  const int64_t wanted = headers[0].version;
  for (size_t rank = 1; rank < first_lanes.size(); rank++) {
    const int64_t got = headers[first_lanes[rank]].version;
    if (got == wanted) continue;
    throw brokenError("controller-version", "[exchange] wanted one version of the controller on all ranks, got version " + std::to_string(wanted) +
                                                " on rank 0 and " + std::to_string(got) + " on rank " + std::to_string(rank));
  }
}

}  // namespace lossmith
