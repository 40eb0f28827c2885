// A world of ranks inside one process, for tests: each rank is an object, used from a thread of its own. Messages are copied.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "engine/collective/collective.h"

namespace lossmith {

std::vector<std::unique_ptr<Collective>> createLocalCollectives(int world, std::chrono::milliseconds timeout);

}  // namespace lossmith
