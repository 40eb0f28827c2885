// See state_planes.h.
#include "engine/state/state_planes.h"

#include <algorithm>

#include "engine/errors.h"

namespace lossmith {

StatePlanes::StatePlanes(const std::vector<ParameterSpec>& parameters, const std::vector<TableSpec>& tables, const OptimizerSpec& optimizer) {
  const std::vector<std::string> suffixes = optimizer.hasM()   ? std::vector<std::string>{"", ".m", ".v"}
                                            : optimizer.hasV() ? std::vector<std::string>{"", ".v"}
                                                               : std::vector<std::string>{""};
  for (int number = 0; number < static_cast<int>(suffixes.size()); number++) {
    for (size_t i = 0; i < parameters.size(); i++) {
      const ParameterSpec& spec = parameters[i];
      int64_t bytes = sizeof(float);
      for (int64_t dimension : spec.shape) bytes *= dimension;
      planes_.push_back({static_cast<int>(i), -1, number, {spec.name + suffixes[number], spec.shape, bytes}});
    }
    for (size_t i = 0; i < tables.size(); i++) {
      const TableSpec& spec = tables[i];
      planes_.push_back({-1,
                         static_cast<int>(i),
                         number,
                         {spec.name + suffixes[number], {spec.rows, spec.width}, spec.rows * spec.width * int64_t(sizeof(float))}});
    }
  }
}

std::vector<StateTensor> StatePlanes::tensors() const {
  std::vector<StateTensor> tensors;
  for (const Plane& plane : planes_) tensors.push_back(plane.tensor);
  return tensors;
}

const StatePlanes::Plane& StatePlanes::at(const std::string& name, int64_t offset, int64_t bytes) const {
  const auto found = std::find_if(planes_.begin(), planes_.end(), [&](const Plane& plane) { return plane.tensor.name == name; });
  if (found == planes_.end()) throw configError("state-name", "[state] wanted a tensor of the plan, got " + name);
  const bool whole = offset % 4 == 0 && bytes % 4 == 0;
  if (!whole || offset < 0 || bytes < 0 || offset > found->tensor.bytes || bytes > found->tensor.bytes - offset) {
    throw configError("state-range", "[state] wanted whole floats within the " + std::to_string(found->tensor.bytes) + " bytes of " + name +
                                         ", got " + std::to_string(bytes) + " bytes from " + std::to_string(offset));
  }
  return *found;
}

}  // namespace lossmith
