// Our own threads, for programs that do not bring any. Workers look for the next job for some tens of microseconds,
// then sleep: an idle pool costs nothing, and one on a crowded machine gives way.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "core/task_runner.hpp"

namespace hadal {

class ThreadPool final : public TaskRunner {
 public:
  static constexpr int kMostThreads = 1024;

  // `threads` counts the calling thread: threads - 1 are started. Below 1 counts as 1, more than kMostThreads as that.
  // Throws Error(out_of_memory) if the system refuses a thread.
  explicit ThreadPool(int threads);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int concurrency() const override { return int(threads_.size()) + 1; }

  // A single task runs on the calling thread and wakes nobody. A task may call run() of its own pool: the inner tasks
  // then run one after the other on its thread, under its worker number.
  void run(int64_t begin, int64_t end, Task task) override;

 private:
  void work(int worker);
  void take_tasks(int worker);
  bool look_for_work() const;
  void sleep();
  void finish(int64_t tasks);
  void wait_for_the_others();
  void stop_all();
  int worker_of_this_thread() const;

  static constexpr size_t kCacheLine = 64;

  // The current job. Written while no task of it can be claimed; read only by who has claimed one.
  const Task* task_ = nullptr;
  int64_t end_ = 0;
  std::thread::id caller_;
  std::atomic<bool> running_ = false;

  // Tasks nobody has claimed yet; below zero after claims that came too late. Claiming is one subtraction that hands
  // out a task of whatever job is current at that moment, and a job stays current until each of its claimed tasks is
  // finished. A worker that arrives late can therefore only get nothing, or a whole task of the next job.
  alignas(kCacheLine) std::atomic<int64_t> unclaimed_ = 0;
  alignas(kCacheLine) std::atomic<int32_t> unfinished_ = 0;
  alignas(kCacheLine) std::atomic<int32_t> sleepers_ = 0;
  std::atomic<uint32_t> alarm_ = 0;   // changes when sleepers are woken
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hadal
