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

Napi::ThreadSafeFunction openBridge(Napi::Env env) {
  return Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "lossmith", 0, 1);
}

void settleOnJsThread(Napi::ThreadSafeFunction bridge, std::function<void(Napi::Env)> settle) {
  auto* settling = new std::function<void(Napi::Env)>(std::move(settle));
  const napi_status status = bridge.NonBlockingCall(settling, [](Napi::Env env, Napi::Function, std::function<void(Napi::Env)>* owned) {
    if (napi_env(env) == nullptr) return;
    std::unique_ptr<std::function<void(Napi::Env)>> settling(owned);
    Napi::HandleScope scope(env);
    (*settling)(env);
  });
  // An environment that closes has nobody who waits; what belongs to its thread is left to the end of the process.
  if (status == napi_ok) bridge.Release();
}

}  // namespace lossmith
