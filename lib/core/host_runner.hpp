// Work on the host's own threads, through its parallel_for.
#pragma once

#include "core/task_runner.hpp"

namespace hadal {

// Calls task(context, i) once for each i in [0, count), on any threads, and returns when all calls have returned.
using ParallelFor = void (*)(void* user, int64_t count, void (*task)(void* context, int64_t index), void* context);

class HostRunner final : public TaskRunner {
 public:
  // concurrency: calls the host runs at once, at least 1.
  HostRunner(ParallelFor parallel_for, void* user, int concurrency);

  int concurrency() const override { return concurrency_; }
  // The host is asked once per job, for as many calls as can run at once. Each call is one worker that takes tasks
  // until none is left, so worker numbers are distinct however the host spreads its calls; if it ran them one after
  // the other, the first would do everything. Tasks a host has left out are done by the caller in the end.
  void run(int64_t begin, int64_t end, Task task) override;

 private:
  ParallelFor parallel_for_;
  void* user_;
  int concurrency_;
};

}  // namespace hadal
