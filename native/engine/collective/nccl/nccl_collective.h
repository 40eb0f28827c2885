// The Collective of collective.h over NCCL: host bytes that go through buffers on the device. For tests that Gloo and NCCL do the same, and to
// see whether NCCL works on a cluster; gradients never leave the device on their way (cuda/device_exchange_nccl.h).
#pragma once

#include <chrono>
#include <memory>

#include "engine/collective/collective.h"

namespace lossmith {

// Rank 0's address carries the unique id, every rank's the version of its library: they must be the same, or Error(Config, "nccl-versions").
// Throws what Device::open and NcclCommunicator throw.
std::unique_ptr<Collective> createNcclCollective(int gpu, int rank, int world, std::chrono::milliseconds timeout);

}  // namespace lossmith
