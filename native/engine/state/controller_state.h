// What this rank knows of the controller: phi as the coordinator sent it, used alike by all lanes of a step. Nothing here learns.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace lossmith {

struct ControllerState {
  std::vector<float> phi;
  int64_t version = 0;
  float temperature = 1;
};

// Takes what any thread sends until a step begins.
class ControllerInbox {
 public:
  void put(std::vector<float> phi, int64_t version) {
    const std::lock_guard lock(mutex_);
    pending_ = ControllerState{std::move(phi), version};
  }
  void takeInto(ControllerState& state, float temperature) {
    const std::lock_guard lock(mutex_);
    if (pending_) state = *std::exchange(pending_, std::nullopt);
    state.temperature = temperature;
  }

 private:
  std::mutex mutex_;
  std::optional<ControllerState> pending_;
};

}  // namespace lossmith
