// See nccl_world.h.
#include "engine/collective/nccl/nccl_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr int kManyRanks = 23003;  // first version that takes several ranks on a GPU, where it is told to

uint64_t hashOf(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  return hash;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string versionText(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
}

// From every rank a value of fixed size.
template <class T>
std::vector<T> gather(Collective& host, const T& mine) {
  std::vector<T> all(host.world());
  host.allGather(&mine, sizeof mine, all.data());
  return all;
}

struct IdOfRank {
  int32_t good = 0, unused = 0;
  nccl::ncclUniqueId id = {};
};

}  // namespace

std::string whyNotNccl(const std::vector<NcclRankFacts>& ranks) {
  for (size_t rank = 0; rank < ranks.size(); rank++) {
    if (ranks[rank].version == 0) return "rank " + std::to_string(rank) + " has no NCCL";
    if (ranks[rank].version != ranks[0].version) {
      return "rank 0 has NCCL " + versionText(ranks[0].version) + ", rank " + std::to_string(rank) + " has " + versionText(ranks[rank].version);
    }
    for (size_t other = 0; other < rank; other++) {
      const NcclRankFacts &a = ranks[other], &b = ranks[rank];
      if (a.emulated || a.gpu != b.gpu || a.host != b.host || (a.many_ranks && b.many_ranks)) continue;
      return "ranks " + std::to_string(other) + " and " + std::to_string(rank) + " share a GPU, which NCCL refuses";
    }
  }
  return "";
}

NcclRankFacts NcclWorld::facts() {
  NcclRankFacts facts;
  facts.emulated = device_.emulated() ? 1 : 0;
  facts.gpu = hashOf(device_.info().uuid);
  if (const std::string host = variable("NCCL_HOSTID"); !host.empty()) facts.host = hashOf(host);
  try {
    // An emulated device is no GPU: only a library that is named, which is a mock, works on it.
    if (device_.emulated() && variable("LOSSMITH_NCCL").empty()) here_ = "an emulated device";
    else facts.version = nccl::api().version;
  } catch (const Error& error) {
    here_ = error.what();
  }
  facts.many_ranks = facts.version >= kManyRanks && variable("NCCL_MULTI_RANK_GPU_ENABLE") == "1" ? 1 : 0;
  return facts;
}

NcclCommunicator* NcclWorld::communicator() {
  if (!agreed_) agree();
  agreed_ = true;
  return communicator_.get();
}

// What one rank cannot do must not leave the others waiting: each step ends with what all of them say of it.
void NcclWorld::agree() {
  why_ = whyNotNccl(gather(host_, facts()));
  if (why_.empty()) {
    IdOfRank id;
    try {
      if (host_.rank() == 0) id.id = createNcclId();
      id.good = 1;
    } catch (const Error& error) {
      here_ = error.what();
    }
    id = gather(host_, id)[0];
    int32_t connected = 0;
    if (id.good) {
      try {
        communicator_ = std::make_unique<NcclCommunicator>(device_, host_.rank(), host_.world(), host_.timeout());
        communicator_->watch([this] { return host_.aborted(); });
        communicator_->connect(id.id, host_.timeout() * 3 / 4);  // a rank that failed at once waits below, for as long as its own deadline
        connected = 1;
      } catch (const Error& error) {
        here_ = error.what();
        communicator_.reset();
      }
    }
    const std::vector<int32_t> all = gather(host_, connected);
    const auto lost = std::find(all.begin(), all.end(), 0);
    if (lost != all.end()) {
      why_ = "rank " + std::to_string(lost - all.begin()) + " could not connect";
      communicator_.reset();
    }
  }
  if (!here_.empty()) why_ += " (here: " + here_ + ")";
}

void NcclWorld::sayOnce() {
  if (std::exchange(said_, true) || (host_.rank() != 0 && here_.empty())) return;
  std::fprintf(stderr, "lossmith: gradients go through host memory instead of NCCL: %s\n", why_.c_str());
}

}  // namespace lossmith
