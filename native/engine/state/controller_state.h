// What this rank knows of the controller: phi as the coordinator sent it, used alike by all lanes of a step. Nothing here learns.
#pragma once

#include <cstdint>
#include <vector>

namespace lossmith {

struct ControllerState {
  std::vector<float> phi;
  int64_t version = 0;
  float temperature = 1;
};

}  // namespace lossmith
