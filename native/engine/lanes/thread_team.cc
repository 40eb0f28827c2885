// See thread_team.h. Tasks are large (a lane, thousands of floats), so taking one under a mutex costs nothing that can be measured.
#include "engine/lanes/thread_team.h"

#include <string>
#include <system_error>
#include <utility>

#include "engine/errors.h"

namespace lossmith {

ThreadTeam::ThreadTeam(int threads) {
  try {
    for (int i = 0; i < threads; i++) threads_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error& error) {
    stop();  // a thread that is not joined would end the process
    throw configError("threads", "[threads] wanted " + std::to_string(threads) + ", got " + std::to_string(threads_.size()) + ": " + error.what());
  }
}

ThreadTeam::~ThreadTeam() { stop(); }

void ThreadTeam::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  begun_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadTeam::run(int64_t tasks, const std::function<void(int64_t, int)>& task) {
  std::unique_lock lock(mutex_);
  task_ = &task;
  tasks_ = tasks;
  next_ = 0;
  failure_ = nullptr;
  failed_ = -1;
  begun_.notify_all();
  ended_.wait(lock, [&] { return next_ >= tasks_ && running_ == 0; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ThreadTeam::work(int thread) {
  std::unique_lock lock(mutex_);
  for (;;) {
    begun_.wait(lock, [&] { return stopping_ || next_ < tasks_; });
    if (stopping_) return;
    const int64_t number = next_++;
    const auto& task = *task_;
    running_++;
    lock.unlock();
    std::exception_ptr failure;
    try {
      task(number, thread);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    running_--;
    if (failure && (failed_ < 0 || number < failed_)) {
      failure_ = failure;
      failed_ = number;
    }
    if (failure) next_ = tasks_;
    if (next_ >= tasks_ && running_ == 0) ended_.notify_all();
  }
}

}  // namespace lossmith
