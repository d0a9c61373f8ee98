// A graph made ready for one backend: fused where the backend can, weights packed, memory planned. Immutable once
// made; any number of executors run it.
#pragma once

#include <memory>
#include <vector>

#include "core/host.hpp"
#include "core/task_runner.hpp"
#include "graph/backend.hpp"
#include "graph/graph.hpp"
#include "graph/planner.hpp"

namespace hadal {

class Program {
 public:
  // Checks that the backend supports every node. Packs nothing yet. weights: the model's whole weight table; they
  // must outlive the Program.
  Program(const Graph& graph, std::shared_ptr<Backend> backend, const std::vector<Weight>& weights);

  // Packs every weight; after each, `done(weight, reads_source)` is told, which may throw to stop. On failure nothing
  // stays packed.
  void pack(const std::shared_ptr<Host>& host, TaskRunner& runner,
            FunctionRef<void(const Weight& weight, bool reads_source)> done);

  const Graph& graph() const { return graph_; }
  Backend& backend() const { return *backend_; }
  const CacheLayout& cache_layout() const { return cache_; }
  const PackedWeight* packed(const Weight* weight) const {
    return weight ? packed_[size_t(weight->index)].get() : nullptr;
  }
  size_t packed_bytes() const;   // what pack() allocates
  // Of one weight; 0 if it is used as it lies in the file.
  size_t packed_bytes(const Weight& weight) const {
    return backend_->packed_bytes(weight, uses_[size_t(weight.index)]);
  }
  MemoryPlan plan(const Sizes& max, int workers) const { return plan_memory(graph_, *backend_, max, workers); }

 private:
  Graph graph_;
  std::shared_ptr<Backend> backend_;
  const std::vector<Weight>& weights_;
  std::vector<WeightUse> uses_;
  CacheLayout cache_;
  std::vector<std::unique_ptr<PackedWeight>> packed_;
};

}  // namespace hadal
