// The engine's threads. A job is a number of tasks; each thread takes the next one until none is left. Which thread runs which task is
// chance, so a task's result may depend on its number only.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lossmith {

class ThreadTeam {
 public:
  // Throws Error(Config, "threads") when the machine does not give so many.
  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()); }
  // Runs task(number, thread) for number 0..tasks-1 and returns when all have ended. When a task throws, those not begun are dropped
  // and the exception of the lowest number is thrown here. One caller at a time.
  void run(int64_t tasks, const std::function<void(int64_t number, int thread)>& task);

 private:
  void work(int thread);
  void stop();

  std::mutex mutex_;
  std::condition_variable begun_, ended_;
  const std::function<void(int64_t, int)>* task_ = nullptr;
  int64_t tasks_ = 0, next_ = 0, running_ = 0;
  std::exception_ptr failure_;
  int64_t failed_ = -1;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lossmith
