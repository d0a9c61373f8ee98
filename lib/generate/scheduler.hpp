// Steps all sessions of one model that have work in common graph runs. One thread at a time drives; others that want
// progress wait for it. The scheduler's mutex guards the state of all its sessions; it is not held while a graph runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/function_ref.hpp"
#include "generate/draft_pace.hpp"
#include "generate/runtime.hpp"
#include "graph/executor.hpp"

namespace hadal {

class Session;

class Scheduler {
 public:
  // program: packed; must outlive the scheduler. Throws Error(out_of_memory).
  Scheduler(std::shared_ptr<Runtime> runtime, const Program& program, std::shared_ptr<Host> host, const Sizes& max);

  using Lock = std::unique_lock<std::mutex>;
  Lock lock() { return Lock(mutex_); }

  // All with the lock held.
  void add(Session& session);
  void remove(Session& session) noexcept;
  // Takes the session out of a run in progress, so that its timeline may be changed. Others of that run start it again.
  void free_session(Lock& lock, Session& session);
  // Computes until done() or the deadline; done() is asked with the lock held. At least one slice is computed.
  // Returns done().
  bool drive(Lock& lock, FunctionRef<bool()> done, int64_t deadline_ns);

  // Starts the turns that were asked for and drives all sessions; the bits of hadal_runtime_step.
  int32_t step(int64_t deadline_ns);
  int32_t state();

  // Makes a driving thread look at cancel flags soon. Any thread, also a signal handler.
  void call_attention() noexcept { attention_.store(true); }

  const Sizes& max() const { return executor_.max(); }
  size_t arena_bytes() const { return executor_.arena_bytes(); }

 private:
  struct Part {
    Session* session;
    int64_t first_token, num_tokens, first_row, num_rows;
  };

  bool collect();
  void finish_run();
  void finish_drafts();
  void abandon_run() noexcept;
  void end_cancelled();
  bool compute(int64_t deadline_ns);
  bool advance_drafts(FunctionRef<bool()> pause);
  bool any_work() const;

  const std::shared_ptr<Runtime> runtime_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Session*> sessions_;
  size_t first_ = 0;               // rotates, so that every session is first at times
  bool driving_ = false;
  int claims_ = 0;                 // threads that want to take a session out of the run
  std::atomic<bool> attention_ = false;

  Executor executor_;
  int64_t run_ns_ = 0;
  bool run_has_prompt_ = false;
  const bool has_hidden_;          // the graph keeps the rows that a draft layer reads
  StepCosts costs_;
  // After a run the sessions whose drafters work on it stay in parts_, and are served one after the other.
  size_t drafting_ = 0;
  std::vector<Part> parts_;
  std::vector<int32_t> tokens_, positions_, output_rows_;
  std::vector<BatchSequence> sequences_;
};

}  // namespace hadal
