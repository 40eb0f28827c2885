// See promise.h.
#include "addon/promise.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace lossmith {

struct EngineThread::Queue {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> posted;
  bool closed = false;
};

EngineThread::EngineThread() : queue_(std::make_shared<Queue>()) {
  std::thread([queue = queue_] {
    for (;;) {
      std::function<void()> work;
      {
        std::unique_lock lock(queue->mutex);
        queue->changed.wait(lock, [&] { return queue->closed || !queue->posted.empty(); });
        if (queue->posted.empty()) return;
        work = std::move(queue->posted.front());
        queue->posted.pop_front();
      }
      work();
    }
  }).detach();
}

EngineThread::~EngineThread() {
  std::lock_guard lock(queue_->mutex);
  queue_->closed = true;
  queue_->changed.notify_one();
}

void EngineThread::post(std::function<void()> work) {
  std::lock_guard lock(queue_->mutex);
  queue_->posted.push_back(std::move(work));
  queue_->changed.notify_one();
}

// Node deletes its thread-safe function with the environment (a worker_thread that is terminated), whoever still holds it: who uses it
// looks under the mutex whether it is there.
struct Bridge::Gate {
  std::mutex mutex;
  bool closed = false;
};

Bridge::Bridge(Napi::Env env) : gate_(std::make_shared<Gate>()) {
  function_ =
      Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "lossmith", 0, 1, [gate = gate_](Napi::Env) {
        std::lock_guard lock(gate->mutex);
        gate->closed = true;
      });
}

void Bridge::settle(std::function<void(Napi::Env)> settle) {
  std::lock_guard lock(gate_->mutex);
  if (gate_->closed) return;
  auto* settling = new std::function<void(Napi::Env)>(std::move(settle));
  const napi_status status = function_.NonBlockingCall(settling, [](Napi::Env env, Napi::Function, std::function<void(Napi::Env)>* owned) {
    if (napi_env(env) == nullptr) return;
    std::unique_ptr<std::function<void(Napi::Env)>> settling(owned);
    Napi::HandleScope scope(env);
    (*settling)(env);
  });
  if (status == napi_ok) {
    function_.Release();
  } else {
    delete settling;  // the environment is closing
  }
}

}  // namespace lossmith
