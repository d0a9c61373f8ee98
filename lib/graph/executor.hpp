// Walks a program's nodes over one batch. It can stop after any node, and inside a long node between slices of its
// tasks: that is how budgets and cancelling work. It owns an arena and no thread.
#pragma once

#include <memory>
#include <vector>

#include "core/buffer.hpp"
#include "graph/program.hpp"

namespace hadal {

class Executor {
 public:
  // The program and the runner must outlive the executor. Throws Error(out_of_memory).
  Executor(const Program& program, std::shared_ptr<Host> host, TaskRunner& runner, const Sizes& max)
      : Executor(program, program.graph(), std::move(host), runner, max) {}
  // graph: the program's graph() or *draft().
  Executor(const Program& program, const Graph& graph, std::shared_ptr<Host> host, TaskRunner& runner, const Sizes& max);

  // Takes a batch within the maximum. What it points to must stay until the run is done or abandoned.
  void start(const Batch& batch);
  // Works until done (true) or until `pause` answers true (false; go on with another call). Allocates nothing and
  // cannot fail.
  bool advance(FunctionRef<bool()> pause);
  bool running() const { return running_; }
  // Forgets the run. Cache rows it has written stay written.
  void abandon() { running_ = false; }

  // [outputs, n] of the last finished run; valid until the next start.
  Tensor output() const { return result(graph_.output()); }
  // [tokens, n], where the graph keeps them.
  Tensor hidden() const { return result(graph_.hidden()); }

  const Sizes& max() const { return max_; }
  size_t arena_bytes() const { return plan_.arena_bytes; }

 private:
  void bind(size_t node);
  Tensor result(Value value) const;

  const Program& program_;
  const Graph& graph_;
  std::shared_ptr<Host> host_;
  TaskRunner& runner_;
  Sizes max_;
  MemoryPlan plan_;
  Buffer arena_;

  Batch batch_;
  bool running_ = false;
  size_t node_ = 0;
  int stage_ = 0;
  int64_t next_task_ = 0;
  int64_t slice_ = 0;
  std::vector<Tensor> inputs_, outputs_;
  std::vector<const PackedWeight*> weights_;
};

}  // namespace hadal
