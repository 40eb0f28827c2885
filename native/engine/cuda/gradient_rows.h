// Which rows of tables the gradients of a plan's programs can have.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/lanes/program_binding.h"

namespace lossmith {

// By table of the plan.
struct GradientRows {
  std::vector<int64_t> most;  // of one lane
  std::vector<int> same;      // an earlier table that always has the same rows, since its lookups have the same ids; -1: none
};

GradientRows gradientRows(const std::vector<const ProgramBinding*>& programs, const std::vector<TableSpec>& tables);

}  // namespace lossmith
