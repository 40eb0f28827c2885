// What the mock is built with where NVIDIA's nccl.h is not: the engine's own declarations.
#pragma once

#include "engine/cuda/libraries/nccl_api.h"

using namespace lossmith::nccl;
#define MOCK_NCCL_COMM lossmith::nccl::ncclComm
#define MOCK_NCCL_DECLARE(name, result, ...) result name(__VA_ARGS__);
extern "C" {
LOSSMITH_NCCL_FUNCTIONS(MOCK_NCCL_DECLARE)
}
