// Who does the work of a parallel step: the calling thread alone, our pool, or the host's threads.
#pragma once

#include <cstdint>

#include "core/function_ref.hpp"

namespace hadal {

// Runs one task. task: its number; worker: in [0, concurrency), no two tasks run at once with the same worker.
// Must not throw.
using Task = FunctionRef<void(int64_t task, int worker)>;

class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  // The most tasks that can run at once, the calling thread included. Constant, at least 1.
  virtual int concurrency() const = 0;
  // Runs tasks [begin, end), in any order and possibly at once, and returns when all are done. The caller's thread
  // works too. Called by one thread at a time. Allocates nothing.
  virtual void run(int64_t begin, int64_t end, Task task) = 0;
};

// The calling thread only.
class InlineRunner final : public TaskRunner {
 public:
  int concurrency() const override { return 1; }
  void run(int64_t begin, int64_t end, Task task) override {
    for (int64_t i = begin; i < end; ++i) task(i, 0);
  }
};

}  // namespace hadal
