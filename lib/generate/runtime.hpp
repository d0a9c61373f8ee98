// What models share: the host's services, the threads, and the turn to use them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/host.hpp"
#include "core/task_runner.hpp"
#include "core/turn.hpp"
#include "generate/options.hpp"

namespace hadal {

class Scheduler;

class Runtime {
 public:
  // runner: the host's threads, or nullptr for a pool of our own, started when the first model needs it.
  Runtime(std::shared_ptr<Host> host, Options options, std::unique_ptr<TaskRunner> runner);
  ~Runtime();

  const std::shared_ptr<Host>& host() const { return host_; }
  const Options& options() const { return options_; }
  // The pool. Throws Error(out_of_memory) if threads cannot be started.
  TaskRunner& runner();

  // A runner serves one thread at a time: held while a graph runs or weights are packed.
  Turn& computing() { return computing_; }

  void add(const std::shared_ptr<Scheduler>& scheduler);
  // Computes for the sessions of all models until the deadline (host clock) or until nothing is left.
  // Returns the state bits of hadal_runtime_step.
  int32_t step(int64_t deadline_ns);

 private:
  std::shared_ptr<Host> host_;
  Options options_;
  std::mutex mutex_;
  std::unique_ptr<TaskRunner> runner_;
  Turn computing_;
  std::vector<std::weak_ptr<Scheduler>> schedulers_;
  size_t first_ = 0;   // whose turn it is to be first
};

// Passes calls on, counts what is allocated, and gives nothing beyond a limit.
class LimitedHost final : public Host {
 public:
  // limit 0: none.
  LimitedHost(std::shared_ptr<Host> host, uint64_t limit) : host_(std::move(host)), limit_(limit) {}
  void* allocate(size_t size, size_t alignment) override;
  void free(void* block, size_t size, size_t alignment) noexcept override;
  std::unique_ptr<File> open(const std::string& path) override { return host_->open(path); }
  int64_t now_ns() override { return host_->now_ns(); }
  void log(LogLevel level, std::string_view text) override { host_->log(level, text); }

  // The limit counts what it is told here beside what it allocates: mapped weights, tables.
  void count(uint64_t bytes) { used_ += bytes; }
  uint64_t used() const { return used_; }
  uint64_t limit() const { return limit_; }

 private:
  std::shared_ptr<Host> host_;
  uint64_t limit_;
  std::atomic<uint64_t> used_ = 0;
};

// A deadline this many microseconds from now; a negative budget never ends.
int64_t deadline_after(Host& host, int64_t budget_us);

}  // namespace hadal
