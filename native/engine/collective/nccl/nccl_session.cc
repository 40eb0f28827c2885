// See nccl_session.h.
#include "engine/collective/nccl/nccl_session.h"

#include <mutex>

#include "engine/collective/nccl/nccl_communicator.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

struct OwnedBuffer final : NcclBuffer {
  OwnedBuffer(Device& device, size_t size) : memory(device, size) {
    data = memory.data();
    bytes = size;
  }
  DeviceMemory memory;
};

char* at(const NcclPlace& place, size_t bytes, const char* what) {
  if (!place.buffer) throw configError("nccl-range", std::string("[nccl] wanted a buffer `") + what + "`, got none");
  if (place.offset > place.buffer->bytes || bytes > place.buffer->bytes - place.offset) {
    throw configError("nccl-range", "[nccl] wanted " + std::to_string(bytes) + " bytes of `" + what + "` from byte " + std::to_string(place.offset) +
                                        ", got a buffer of " + std::to_string(place.buffer->bytes));
  }
  return static_cast<char*>(place.buffer->data) + place.offset;
}

class Session final : public NcclSession {
 public:
  explicit Session(int gpu) : device_(Device::open(gpu)) {}

  std::string deviceName() const override { return device_->info().name; }

  std::shared_ptr<NcclBuffer> allocate(size_t bytes) override {
    device_->use();
    return std::make_shared<OwnedBuffer>(*device_, bytes);
  }

  void write(const NcclPlace& to, const Bytes& bytes) override {
    device_->use();
    device_->stream().copyIn(at(to, bytes.size(), "to"), bytes.data(), bytes.size());
    device_->stream().synchronize();
  }

  Bytes read(const NcclPlace& from, size_t bytes) override {
    device_->use();
    const char* data = at(from, bytes, "from");
    Bytes out(bytes);
    device_->stream().copyOut(out.data(), data, bytes);
    device_->stream().synchronize();
    return out;
  }

  void connect(const nccl::ncclUniqueId& id, int rank, int world, std::chrono::milliseconds timeout) override {
    device_->use();  // the communicator's event must be this device's
    auto communicator = std::make_shared<NcclCommunicator>(*device_, rank, world, timeout);
    {
      std::lock_guard lock(mutex_);
      if (aborted_) throw transientError("collective-broken", "[nccl] aborted");
      if (communicator_) throw brokenError("collective-unconnected", "[nccl] wanted a session without a communicator, got one that has it");
      communicator_ = communicator;
    }
    communicator->connect(id, timeout);
  }

  void run(const std::vector<NcclCall>& calls) override {
    NcclCommunicator& communicator = connected();
    struct Ready {
      const NcclCall& call;
      const char* from;
      char* to;
    };
    std::vector<Ready> ready;
    for (const NcclCall& call : calls) ready.push_back({call, from(call, communicator), to(call, communicator)});
    communicator.group([&] {
      for (const auto& [call, from, to] : ready) enqueue(communicator, call, from, to);
    });
    communicator.wait(device_->stream());
  }

  void close() override {
    std::shared_ptr<NcclCommunicator> communicator;
    {
      std::lock_guard lock(mutex_);
      communicator = communicator_;
    }
    if (communicator) communicator->close();
  }

  void abort() override {
    std::lock_guard lock(mutex_);
    aborted_ = true;
    if (communicator_) communicator_->abort();
  }

 private:
  NcclCommunicator& connected() {
    std::lock_guard lock(mutex_);
    if (!communicator_) throw brokenError("collective-unconnected", "[nccl] wanted a connected session, got one that is not");
    return *communicator_;
  }

  // How many times `count` values lie at a side of a call; 0: the call has no such side.
  static size_t timesFrom(const NcclCall& call, const NcclCommunicator& communicator) {
    const bool root = call.peer == communicator.rank();
    if (call.kind == NcclCallKind::ReduceScatter) return communicator.world();
    if (call.kind == NcclCallKind::Broadcast) return root ? 1 : 0;
    return call.kind == NcclCallKind::Receive ? 0 : 1;
  }
  static size_t timesTo(const NcclCall& call, const NcclCommunicator& communicator) {
    const bool root = call.peer == communicator.rank();
    if (call.kind == NcclCallKind::AllGather) return communicator.world();
    if (call.kind == NcclCallKind::Reduce) return root ? 1 : 0;
    return call.kind == NcclCallKind::Send ? 0 : 1;
  }

  static const char* from(const NcclCall& call, const NcclCommunicator& communicator) {
    const size_t times = timesFrom(call, communicator);
    return times == 0 ? nullptr : at(call.from, bytesOf(call, times, communicator), "from");
  }
  static char* to(const NcclCall& call, const NcclCommunicator& communicator) {
    const size_t times = timesTo(call, communicator);
    return times == 0 ? nullptr : at(call.to, bytesOf(call, times, communicator), "to");
  }

  static size_t bytesOf(const NcclCall& call, size_t times, const NcclCommunicator& communicator) {
    const size_t each = sizeOf(call.type) * times;
    if (call.peer < 0 || call.peer >= communicator.world() || call.count > SIZE_MAX / each) {
      throw configError("nccl-range", "[nccl] wanted a rank of " + std::to_string(communicator.world()) + ", got rank " + std::to_string(call.peer) +
                                          " and " + std::to_string(call.count) + " values");
    }
    return call.count * each;
  }

  void enqueue(NcclCommunicator& nccl, const NcclCall& call, const char* from, char* to) {
    Stream& stream = device_->stream();
    switch (call.kind) {
      case NcclCallKind::AllReduce:
        return nccl.allReduce(from, to, call.count, call.type, call.op, stream);
      case NcclCallKind::Reduce:
        return nccl.reduce(from, to, call.count, call.type, call.op, call.peer, stream);
      case NcclCallKind::ReduceScatter:
        return nccl.reduceScatter(from, to, call.count, call.type, call.op, stream);
      case NcclCallKind::Broadcast:
        return nccl.broadcast(from, to, call.count, call.type, call.peer, stream);
      case NcclCallKind::AllGather:
        return nccl.allGather(from, to, call.count, call.type, stream);
      case NcclCallKind::Send:
        return nccl.send(from, call.count, call.type, call.peer, stream);
      case NcclCallKind::Receive:
        return nccl.receive(to, call.count, call.type, call.peer, stream);
    }
  }

  std::unique_ptr<Device> device_;
  std::mutex mutex_;  // of the two below
  std::shared_ptr<NcclCommunicator> communicator_;
  bool aborted_ = false;
};

}  // namespace

std::unique_ptr<NcclSession> createNcclSession(int gpu) { return std::make_unique<Session>(gpu); }

}  // namespace lossmith
