// Native work as a promise. `work` runs on an engine thread (never on libuv's pool, whose four threads a blocking collective would
// hold), `toJs` turns its result into a JavaScript value on the JavaScript thread. What either throws rejects the promise.
// Work must own what it touches (capture shared pointers): a handle may be closed or collected while its work still runs.
#pragma once

#include <napi.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "addon/errors_to_js.h"

namespace lossmith {

// One thread that runs what is posted to it, in order. Destroying it lets the queue run dry and does not wait.
class EngineThread {
 public:
  EngineThread();
  ~EngineThread();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  void post(std::function<void()> work);

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

// The way of one call back to its environment, which stays open until then.
class Bridge {
 public:
  explicit Bridge(Napi::Env env);
  // From any thread, once. `settle` runs on the JavaScript thread, or never when the environment closed before: then nobody waits.
  void settle(std::function<void(Napi::Env)> settle);

 private:
  struct Gate;
  std::shared_ptr<Gate> gate_;
  Napi::ThreadSafeFunction function_;
};

// work: () -> T (not void, not a reference); toJs: (Napi::Env, T&) -> Napi::Value. `claim` is held until the promise settles.
template <class Work, class ToJs>
Napi::Promise promiseOn(EngineThread& thread, Napi::Env env, Work work, ToJs toJs, std::shared_ptr<void> claim = nullptr) {
  using Result = std::invoke_result_t<Work>;
  struct Call {
    Call(Napi::Env env, Work work, ToJs toJs) : deferred(env), work(std::move(work)), toJs(std::move(toJs)) {}
    Napi::Promise::Deferred deferred;
    std::optional<Work> work;
    ToJs toJs;
    std::optional<Result> result;
    std::exception_ptr failure;
    std::shared_ptr<void> claim;
  };
  auto call = std::make_shared<Call>(env, std::move(work), std::move(toJs));
  call->claim = std::move(claim);
  Bridge bridge(env);
  const Napi::Promise promise = call->deferred.Promise();
  thread.post([call = std::move(call), bridge]() mutable {
    try {
      call->result.emplace((*call->work)());
    } catch (...) {
      call->failure = std::current_exception();
    }
    call->work.reset();
    bridge.settle([call = std::move(call)](Napi::Env env) {  // moved: the call's last owner is the JavaScript thread
      try {
        if (call->failure) std::rethrow_exception(call->failure);
        call->deferred.Resolve(call->toJs(env, *call->result));
      } catch (...) {
        call->deferred.Reject(errorToJs(env, std::current_exception()).Value());
      }
      call->result.reset();
    });
  });
  return promise;
}

// The same on a thread of its own, for work that belongs to no handle.
template <class Work, class ToJs>
Napi::Promise promiseOnNewThread(Napi::Env env, Work work, ToJs toJs) {
  EngineThread thread;
  return promiseOn(thread, env, std::move(work), std::move(toJs));
}

// One call at a time: a handle's calls must not overlap. claim() throws Error(Broken, "overlapping-call") while the claim before is held.
class OneAtATime {
 public:
  std::shared_ptr<void> claim(const char* call) {
    if (taken_->exchange(true)) {
      throw brokenError("overlapping-call", std::string("[") + call + "] wanted the call before it to have settled, got an overlapping one");
    }
    return {nullptr, [taken = taken_](void*) { taken->store(false); }};
  }

 private:
  std::shared_ptr<std::atomic<bool>> taken_ = std::make_shared<std::atomic<bool>>(false);
};

// For work without a result: return Done{} and pass undefinedToJs.
struct Done {};
inline Napi::Value undefinedToJs(Napi::Env env, Done&) { return env.Undefined(); }

}  // namespace lossmith
