// The exchange of a step between GPUs over NCCL: gradients never leave device memory. Which rows go where is known to the host: sizes go with the
// headers, by the host's collective.
//   tree         as engine/exchange.h: each rank sums its maximal aligned subtrees; chunk c of every subtree goes to rank c, which finishes the
//                tree; the finished chunks go to all. Rows of tables alike, by ranges of rows. The same bits for any number of ranks.
//   all-reduce   each rank sums its lanes; NCCL adds dense vectors in an order of its own; rows of all ranks go to all, each adds them by rank.
// Where NCCL cannot be (nccl_world.h), the tree is staged through host memory, which rank 0 says on stderr, and an all-reduce is refused.
#pragma once

#include <memory>

#include "engine/collective/nccl/nccl_world.h"
#include "engine/cuda/device_exchange.h"
#include "engine/trainer.h"

namespace lossmith {

// Exchanges of one trainer share `world`. What fails in run() is Error(Transient, "collective-broken" | "collective-timeout"), or
// Error(Config, "nccl-missing") from the first run on where all-reduce was asked for and cannot be.
std::unique_ptr<DeviceExchange> makeNcclExchange(const DeviceExchangeOptions& options, Device& device, ThreadTeam& team, ExchangeKind kind,
                                                 std::shared_ptr<NcclWorld> world);

}  // namespace lossmith
