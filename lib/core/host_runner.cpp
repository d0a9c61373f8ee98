#include "core/host_runner.hpp"

#include <algorithm>
#include <atomic>

namespace hadal {
namespace {

struct Job {
  Task task;
  int64_t end;
  int64_t workers;
  std::atomic<int64_t> next;

  void take_tasks(int worker) {
    for (int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < end;
         i = next.fetch_add(1, std::memory_order_relaxed)) {
      task(i, worker);
    }
  }
};

void enter(void* context, int64_t index) {
  Job& job = *static_cast<Job*>(context);
  if (index >= 0 && index < job.workers) job.take_tasks(int(index));
}

}  // namespace

HostRunner::HostRunner(ParallelFor parallel_for, void* user, int concurrency)
    : parallel_for_(parallel_for), user_(user), concurrency_(parallel_for ? std::max(concurrency, 1) : 1) {}

void HostRunner::run(int64_t begin, int64_t end, Task task) {
  if (begin >= end) return;
  Job job{task, end, std::min<int64_t>(concurrency_, end - begin), begin};
  if (job.workers > 1) parallel_for_(user_, job.workers, enter, &job);
  job.take_tasks(0);
}

}  // namespace hadal
