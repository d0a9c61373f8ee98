// A graph made ready for one backend: fused where the backend can, weights packed, memory planned. Immutable once
// made; any number of executors run it.
#pragma once

#include <memory>
#include <optional>
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
  // must outlive the Program. draft: a second graph over the same weights and the same cache slots, or nullptr.
  Program(const Graph& graph, std::shared_ptr<Backend> backend, const std::vector<Weight>& weights,
          const Graph* draft = nullptr);

  // Packs every weight. Before each, `ready(weight)` may put its bytes in place; after it, `done(weight, reads_source)`
  // may take them back unless the backend goes on reading them. Either may throw to stop: then nothing stays packed.
  using Ready = FunctionRef<void(const Weight& weight)>;
  using Done = FunctionRef<void(const Weight& weight, bool reads_source)>;
  void pack(const std::shared_ptr<Host>& host, TaskRunner& runner, Ready ready, Done done);
  void pack(const std::shared_ptr<Host>& host, TaskRunner& runner, Done done) {
    pack(host, runner, [](const Weight&) {}, done);
  }

  const Graph& graph() const { return graph_; }
  const Graph* draft() const { return draft_ ? &*draft_ : nullptr; }
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

  // Experts, over all layers: what of them lies packed, and what is read from the file whenever it is used.
  struct Experts {
    int64_t count = 0, slots = 0;   // a layer's expert counts once
    size_t all_bytes = 0;           // packed, if all of them had slots
    size_t slot_bytes = 0;          // reserved; part of packed_bytes()
    size_t file_bytes = 0;          // as they lie in the file, of those without slots
  };
  Experts experts() const;
  // Before pack(): experts may take this much when packed. Every layer gets as many slots as the others, or one more.
  void limit_experts(size_t bytes);

  // Of a run of one of the two graphs.
  MemoryPlan plan(const Graph& graph, const Sizes& max, int workers) const {
    return plan_memory(graph, *backend_, max, workers);
  }
  MemoryPlan plan(const Sizes& max, int workers) const { return plan(graph_, max, workers); }

 private:
  void check(const Graph& graph);
  struct ExpertLayer;
  std::vector<ExpertLayer> expert_layers() const;

  Graph graph_;
  std::optional<Graph> draft_;
  std::shared_ptr<Backend> backend_;
  const std::vector<Weight>& weights_;
  std::vector<WeightUse> uses_;
  CacheLayout cache_;
  std::vector<std::unique_ptr<PackedWeight>> packed_;
};

}  // namespace hadal
