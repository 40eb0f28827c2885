// See nccl_collective.h.
#include "engine/collective/nccl/nccl_collective.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/collective/nccl/nccl_communicator.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

struct Address {
  char magic[4] = {'n', 'c', 'c', 'l'};
  int32_t version = 0;
  nccl::ncclUniqueId id = {};  // rank 0's

  bool ours() const { return std::memcmp(magic, "nccl", sizeof magic) == 0; }
};

size_t totalOf(const auto& parts, int but) {
  size_t total = 0;
  for (size_t rank = 0; rank < parts.size(); rank++) total += static_cast<int>(rank) == but ? 0 : parts[rank].second;
  return total;
}

class NcclCollective final : public Collective {
 public:
  NcclCollective(int gpu, int rank, int world, std::chrono::milliseconds timeout)
      : timeout_(timeout), device_(Device::open(gpu)), communicator_(*device_, rank, world, timeout) {}

  int rank() const override { return communicator_.rank(); }
  int world() const override { return communicator_.world(); }
  std::chrono::milliseconds timeout() const override { return timeout_; }

  Bytes prepare() override {
    if (world() == 1) return {};
    Address address;
    address.version = nccl::api().version;
    if (rank() == 0) address.id = createNcclId();
    Bytes bytes(sizeof address);
    std::memcpy(bytes.data(), &address, sizeof address);
    return bytes;
  }

  void connect(const std::vector<Bytes>& addresses) override {
    std::vector<Address> known(addresses.size());
    bool good = static_cast<int>(addresses.size()) == world();
    for (size_t i = 0; good && world() > 1 && i < addresses.size(); i++) {
      good = addresses[i].size() == sizeof(Address);
      if (good) std::memcpy(&known[i], addresses[i].data(), sizeof(Address));
      good = good && known[i].ours();
    }
    if (!good) throw configError("collective-addresses", "[connect] wanted what prepare gave on each of " + std::to_string(world()) + " ranks");
    if (world() == 1) return;
    for (size_t i = 1; i < known.size(); i++) {
      if (known[i].version == known[0].version) continue;
      throw configError("nccl-versions", "[nccl] wanted one version of NCCL on all ranks, got " + std::to_string(known[0].version) +
                                             " on rank 0 and " + std::to_string(known[i].version) + " on rank " + std::to_string(i));
    }
    communicator_.connect(known[0].id, timeout_);
  }

  void begin(const Sends& send, const Receives& receive) override {
    const int me = rank();
    if (send[me].second > 0) std::memmove(receive[me].first, send[me].first, send[me].second);
    if (world() == 1) return;
    receive_ = receive;
    device_->use();
    outgoing_.atLeast(*device_, totalOf(send, me));
    incoming_.atLeast(*device_, totalOf(receive, me));
    Stream& stream = device_->stream();
    Sends from(world());
    Receives to(world());
    size_t sent = 0, received = 0;
    for (int peer = 0; peer < world(); peer++) {
      if (peer == me) continue;
      if (send[peer].second > 0) std::memcpy(outgoing_.host.as<char>() + sent, send[peer].first, send[peer].second);
      from[peer] = {outgoing_.device.as<char>() + sent, send[peer].second};
      to[peer] = {incoming_.device.as<char>() + received, receive[peer].second};
      sent += send[peer].second;
      received += receive[peer].second;
    }
    stream.copyIn(outgoing_.device.data(), outgoing_.host.as<char>(), sent);
    communicator_.begin([&] { communicator_.allToAllV(from, to, stream); });
  }

  void finish() override {
    if (world() == 1) return;
    communicator_.settle();
    Stream& stream = device_->stream();
    stream.copyOut(incoming_.host.as<char>(), incoming_.device.data(), totalOf(receive_, rank()));
    communicator_.wait(stream);
    size_t received = 0;
    for (int peer = 0; peer < world(); peer++) {
      if (peer == rank()) continue;
      const auto [to, bytes] = receive_[peer];
      if (bytes > 0) std::memcpy(to, incoming_.host.as<char>() + received, bytes);
      received += bytes;
    }
  }

  void abort() override { communicator_.abort(); }
  bool aborted() const override { return communicator_.aborted(); }
  void close() override { communicator_.abort(); }

 private:
  // The same bytes on both sides. Grows only.
  struct Staging {
    PinnedMemory host;
    DeviceMemory device;

    void atLeast(Device& owner, size_t bytes) {
      if (bytes <= host.bytes()) return;
      host = PinnedMemory();
      device = DeviceMemory();
      host = PinnedMemory(owner, bytes + bytes / 2);
      device = DeviceMemory(owner, bytes + bytes / 2);
    }
  };

  const std::chrono::milliseconds timeout_;
  std::unique_ptr<Device> device_;
  Staging outgoing_, incoming_;
  Receives receive_;
  NcclCommunicator communicator_;  // last: its work ends before the memory goes
};

}  // namespace

std::unique_ptr<Collective> createNcclCollective(int gpu, int rank, int world, std::chrono::milliseconds timeout) {
  return std::make_unique<NcclCollective>(gpu, rank, world, timeout);
}

}  // namespace lossmith
