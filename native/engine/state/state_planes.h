// The tensors of a trainer's state by name: which parameter or table, which plane of it. Sizes are known to fit 63 bits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/state/optimizer.h"
#include "engine/state/state_spec.h"

namespace lossmith {

class StatePlanes {
 public:
  // Plane 0 is the weight, 1 and 2 the optimizer's states in their order (m, v).
  struct Plane {
    int parameter, table, number;  // one of parameter and table is −1
    StateTensor tensor;
  };

  StatePlanes(const std::vector<ParameterSpec>& parameters, const std::vector<TableSpec>& tables, const OptimizerSpec& optimizer);

  std::vector<StateTensor> tensors() const;
  // Throws Error(Config, "state-name" | "state-range") unless there is one, and these are whole floats of it.
  const Plane& at(const std::string& name, int64_t offset, int64_t bytes) const;

 private:
  std::vector<Plane> planes_;
};

}  // namespace lossmith
