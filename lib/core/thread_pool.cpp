#include "core/thread_pool.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <system_error>

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/system.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace hadal {
namespace {

using Clock = std::chrono::steady_clock;

// Steps of one token follow each other within this time, so that threads need not be woken between them; a sleeper
// needs 5 to 50 us to come back.
constexpr auto kSpin = std::chrono::microseconds(40);
// After this long, other threads that wait for this processor go first.
constexpr auto kYieldAfter = std::chrono::microseconds(4);

// unfinished_ has 32 bits, which every system can sleep on.
constexpr int64_t kLargestJob = int64_t(1) << 30;

inline void relax_processor() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Until `ready`, or for about kSpin. A thread that had to give its processor away comes back too late and stops.
template <class Ready>
bool spin_until(Ready ready) {
  const Clock::time_point start = Clock::now();
  for (;;) {
    for (int i = 0; i < 16; ++i) {
      if (ready()) return true;
      relax_processor();
    }
    const auto elapsed = Clock::now() - start;
    if (elapsed > kSpin) return false;
    if (elapsed > kYieldAfter) std::this_thread::yield();
  }
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  threads = std::clamp(threads, 1, kMostThreads);
  try {
    threads_.reserve(size_t(threads - 1));
    start_without_signals([&] {
      for (int worker = 1; worker < threads; ++worker) threads_.emplace_back([this, worker] { work(worker); });
    });
  } catch (const std::system_error&) {
    const size_t started = threads_.size();
    stop_all();
    throw Error(Status::out_of_memory,
                message("thread pool: expected to start ", threads - 1, " threads, the system gave ", started));
  }
}

ThreadPool::~ThreadPool() { stop_all(); }

void ThreadPool::stop_all() {
  stop_.store(true);
  alarm_.fetch_add(1);
  alarm_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void ThreadPool::run(int64_t begin, int64_t end, Task task) {
  const bool nested = running_.load(std::memory_order_relaxed);
  if (nested || threads_.empty() || end - begin <= 1) {
    const int worker = nested ? worker_of_this_thread() : 0;
    for (int64_t i = begin; i < end; ++i) task(i, worker);
    return;
  }
  caller_ = std::this_thread::get_id();
  running_.store(true, std::memory_order_relaxed);
  while (begin < end) {
    const int64_t count = std::min(end - begin, kLargestJob);
    task_ = &task;
    end_ = begin + count;
    unfinished_.store(int32_t(count), std::memory_order_relaxed);
    unclaimed_.store(count);
    // Both this pair and the one in sleep() are sequentially consistent: either we see the sleeper or it sees us.
    if (const int32_t asleep = sleepers_.load(); asleep > 0) {
      alarm_.fetch_add(1);
      if (count - 1 >= asleep) {
        alarm_.notify_all();
      } else {
        for (int64_t i = 1; i < count; ++i) alarm_.notify_one();
      }
    }
    take_tasks(0);
    wait_for_the_others();
    begin += count;
  }
  running_.store(false, std::memory_order_relaxed);
}

void ThreadPool::take_tasks(int worker) {
  int64_t done = 0;
  for (;;) {
    const int64_t left = unclaimed_.fetch_sub(1, std::memory_order_acquire);
    if (left <= 0) break;
    (*task_)(end_ - left, worker);
    ++done;
  }
  if (done > 0) finish(done);
}

void ThreadPool::finish(int64_t tasks) {
  if (unfinished_.fetch_sub(int32_t(tasks), std::memory_order_acq_rel) == int32_t(tasks)) unfinished_.notify_one();
}

void ThreadPool::wait_for_the_others() {
  const auto all_done = [this] { return unfinished_.load(std::memory_order_acquire) == 0; };
  if (spin_until(all_done)) return;
  while (!all_done()) {
    const int32_t left = unfinished_.load(std::memory_order_acquire);
    if (left != 0) unfinished_.wait(left, std::memory_order_acquire);
  }
}

void ThreadPool::work(int worker) {
  name_this_thread(message("hadal-", worker));
  while (!stop_.load(std::memory_order_relaxed)) {
    if (look_for_work()) {
      take_tasks(worker);
    } else {
      sleep();
    }
  }
}

bool ThreadPool::look_for_work() const {
  return spin_until([this] {
    return unclaimed_.load(std::memory_order_relaxed) > 0 || stop_.load(std::memory_order_relaxed);
  });
}

void ThreadPool::sleep() {
  sleepers_.fetch_add(1);
  const uint32_t alarm = alarm_.load();
  if (unclaimed_.load() <= 0 && !stop_.load()) alarm_.wait(alarm);
  sleepers_.fetch_sub(1);
}

int ThreadPool::worker_of_this_thread() const {
  const std::thread::id self = std::this_thread::get_id();
  for (size_t i = 0; i < threads_.size(); ++i) {
    if (threads_[i].get_id() == self) return int(i) + 1;
  }
  assert(self == caller_ && "run() is called by one thread at a time");
  return 0;
}

}  // namespace hadal
