// What a trainer keeps: names, shapes and first weights of dense parameters and tables. The same as ParameterSpec and TableSpec of
// model/plan.ts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/state/init.h"

namespace lossmith {

struct ParameterSpec {
  std::string name;
  std::vector<int64_t> shape;
  Init init;
};

struct TableSpec {
  std::string name;
  int64_t rows, width;
  Init init;
};

// A tensor of the state as checkpoints see it: "<name>", "<name>.m" or "<name>.v", row-major float32.
struct StateTensor {
  std::string name;
  std::vector<int64_t> shape;
  int64_t bytes;
};

}  // namespace lossmith
