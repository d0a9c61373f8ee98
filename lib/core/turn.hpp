// One thread at a time, with a wait that ends: what std::timed_mutex does, over a condition variable, because
// ThreadSanitizer does not see the lock that std::timed_mutex's timed wait takes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace hadal {

class Turn {
 public:
  void lock() {
    std::unique_lock held(mutex_);
    free_.wait(held, [&] { return !taken_; });
    taken_ = true;
  }
  bool try_lock_for(std::chrono::milliseconds longest) {
    std::unique_lock held(mutex_);
    if (!free_.wait_for(held, longest, [&] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void unlock() {
    {
      const std::lock_guard held(mutex_);
      taken_ = false;
    }
    free_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  bool taken_ = false;
};

}  // namespace hadal
