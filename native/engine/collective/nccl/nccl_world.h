// The ranks of a world and their GPUs: one communicator of NCCL between them, or the reason why there can be none. Agreed on once, over the
// host's collective, which also carries the unique id; all ranks come to the same answer.
#pragma once

#include <memory>
#include <string>

#include "engine/collective/collective.h"
#include "engine/collective/nccl/nccl_communicator.h"
#include "engine/cuda/device.h"

namespace lossmith {

// What a rank tells the others. Numbers only: it is sent as it is.
struct NcclRankFacts {
  int32_t version = 0;     // of its library; 0: none that can be used
  int32_t many_ranks = 0;  // 1: its NCCL takes several ranks on a GPU
  int32_t emulated = 0;
  int32_t unused = 0;
  uint64_t gpu = 0, host = 0;  // hashes of the GPU's UUID and of NCCL_HOSTID, 0 where that is not set
};

// Why these ranks cannot use NCCL; empty when they can.
std::string whyNotNccl(const std::vector<NcclRankFacts>& ranks);

class NcclWorld {
 public:
  // Both must outlive it.
  NcclWorld(Collective& host, Device& device) : host_(host), device_(device) {}

  // Null where NCCL cannot be used: why() says it. The first call is one that all ranks must make at the same place.
  NcclCommunicator* communicator();
  const std::string& why() const { return why_; }
  // That gradients go through host memory, and why: a line on stderr, once, of rank 0 or whoever knows more.
  void sayOnce();

 private:
  void agree();
  NcclRankFacts facts();

  Collective& host_;
  Device& device_;
  bool agreed_ = false, said_ = false;
  std::string why_, here_;  // here_: what is known on this rank only
  std::unique_ptr<NcclCommunicator> communicator_;
};

}  // namespace lossmith
