#include "core/system.hpp"
#include "core/thread_pool.hpp"

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "core/host_runner.hpp"

using namespace hadal;

namespace {

// Each of [begin, end) exactly once, by a worker below `concurrency`, no worker twice at once.
void check_job(TaskRunner& runner, int64_t begin, int64_t end) {
  std::vector<std::atomic<int>> times(size_t(std::max<int64_t>(end - begin, 0)));
  std::vector<std::atomic<int>> busy(size_t(runner.concurrency()));
  std::atomic<int> wrong = 0;
  runner.run(begin, end, [&](int64_t task, int worker) {
    if (task < begin || task >= end || worker < 0 || worker >= runner.concurrency()) {
      ++wrong;
      return;
    }
    if (busy[size_t(worker)].fetch_add(1) != 0) ++wrong;
    times[size_t(task - begin)].fetch_add(1);
    busy[size_t(worker)].fetch_sub(1);
  });
  for (const auto& count : times) wrong += count.load() != 1;
  CHECK(wrong.load() == 0);
}

double cpu_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

void in_order(void*, int64_t count, void (*task)(void*, int64_t), void* context) {
  for (int64_t i = 0; i < count; ++i) task(context, i);
}

void on_new_threads(void* user, int64_t count, void (*task)(void*, int64_t), void* context) {
  ++*static_cast<int*>(user);
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < count; ++i) threads.emplace_back(task, context, i);
  for (std::thread& thread : threads) thread.join();
}

void only_the_last(void*, int64_t count, void (*task)(void*, int64_t), void* context) { task(context, count - 1); }
void nothing(void*, int64_t, void (*)(void*, int64_t), void*) {}

}  // namespace

TEST_CASE("a thread pool runs every task once, whatever the number of threads and tasks") {
  for (int threads = 1; threads <= 8; ++threads) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    CHECK(pool.concurrency() == threads);
    for (const int64_t count : {0, 1, 2, 3, 7, 8, 64, 1000}) {
      check_job(pool, 0, count);
      check_job(pool, 5, 5 + count);
    }
    check_job(pool, 3, 1);
  }
}

TEST_CASE("many tiny jobs in a row never lose or repeat a task") {
  for (const int threads : {2, 3, 8}) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    int64_t expected = 0;
    std::atomic<int64_t> sum = 0;
    for (int64_t job = 0; job < 20000; ++job) {
      const int64_t count = 2 + job % 5;
      int64_t plain = job;   // written before the job, read by its tasks: seen in time or not at all
      pool.run(job, job + count, [&](int64_t task, int) { sum += task - plain; });
      expected += count * (count - 1) / 2;
      REQUIRE(sum.load() == expected);
    }
  }
}

TEST_CASE("a sleeping pool wakes up for the next job") {
  ThreadPool pool(4);
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    check_job(pool, 0, 16);
  }
}

TEST_CASE("tasks really run side by side") {
  ThreadPool pool(3);
  std::atomic<int> arrived = 0;
  // Each task waits for the other two, so this ends only if all three run at once.
  pool.run(0, 3, [&](int64_t, int) {
    ++arrived;
    while (arrived.load() < 3) std::this_thread::yield();
  });
  CHECK(arrived.load() == 3);
}

TEST_CASE("a job ends only when its slowest task has ended") {
  ThreadPool pool(3);
  std::atomic<int> arrived = 0, ended = 0;
  pool.run(0, 3, [&](int64_t, int worker) {
    ++arrived;
    while (arrived.load() < 3) std::this_thread::yield();
    if (worker != 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ++ended;
  });
  CHECK(ended.load() == 3);
}

TEST_CASE("one task runs on the calling thread") {
  ThreadPool pool(4);
  std::thread::id ran_on;
  pool.run(7, 8, [&](int64_t task, int worker) {
    CHECK(task == 7);
    CHECK(worker == 0);
    ran_on = std::this_thread::get_id();
  });
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("a task may use its own pool: inner tasks stay on its thread and worker number") {
  ThreadPool pool(4);
  std::atomic<int> arrived = 0, inner = 0, strayed = 0;
  pool.run(0, 32, [&](int64_t task, int worker) {
    // The first four tasks are on four threads.
    if (task < 4) {
      ++arrived;
      while (arrived.load() < 4) std::this_thread::yield();
    }
    const std::thread::id self = std::this_thread::get_id();
    pool.run(0, 8, [&](int64_t, int inner_worker) {
      ++inner;
      if (inner_worker != worker || std::this_thread::get_id() != self) ++strayed;
    });
  });
  CHECK(inner.load() == 32 * 8);
  CHECK(strayed.load() == 0);
}

TEST_CASE("an idle pool uses no processor time") {
  ThreadPool pool(8);
  check_job(pool, 0, 64);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double used = cpu_seconds() - before;
  CAPTURE(used);
  CHECK(used < 0.002);
}

TEST_CASE("more threads than processors slow a job down only a little") {
  // The same work, split alike, alone and with four times the threads that fit.
  const auto seconds = [](int threads) {
    ThreadPool pool(threads);
    const auto start = std::chrono::steady_clock::now();
    for (int job = 0; job < 200; ++job) {
      pool.run(0, 32, [](int64_t, int) {
        volatile int sink = 0;
        for (int i = 0; i < 2000; ++i) sink = sink + i;
      });
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const double alone = seconds(1);
  CHECK(seconds(4 * usable_processors()) < 10 * alone + 0.5);
}

TEST_CASE("a pool can be made and ended at any moment") {
  for (int i = 0; i < 50; ++i) {
    ThreadPool pool(1 + i % 5);
    if (i % 3 == 0) check_job(pool, 0, i);
  }
}

TEST_CASE("absurd thread counts become sensible ones") {
  CHECK(ThreadPool(-3).concurrency() == 1);
  CHECK(ThreadPool(0).concurrency() == 1);
  CHECK(usable_processors() >= 1);
}

TEST_CASE("a host's parallel_for runs every task once under distinct workers") {
  int calls = 0;
  for (const int concurrency : {1, 2, 5}) {
    CAPTURE(concurrency);
    HostRunner threads(on_new_threads, &calls, concurrency);
    HostRunner sequence(in_order, nullptr, concurrency);
    HostRunner lazy(only_the_last, nullptr, concurrency);
    HostRunner idle(nothing, nullptr, concurrency);
    CHECK(threads.concurrency() == concurrency);
    for (const int64_t count : {0, 1, 2, 100}) {
      for (TaskRunner* runner : {static_cast<TaskRunner*>(&threads), static_cast<TaskRunner*>(&sequence),
                                 static_cast<TaskRunner*>(&lazy), static_cast<TaskRunner*>(&idle)}) {
        check_job(*runner, 2, 2 + count);
      }
    }
  }
  CHECK(calls > 0);
}

TEST_CASE("a host is asked once per job, and not for one task") {
  int calls = 0;
  HostRunner runner(on_new_threads, &calls, 4);
  runner.run(0, 1, [](int64_t, int) {});
  CHECK(calls == 0);
  runner.run(0, 1000, [](int64_t, int) {});
  CHECK(calls == 1);
}
