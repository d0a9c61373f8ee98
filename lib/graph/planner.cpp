#include "graph/planner.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace hadal {
namespace {

constexpr size_t kAlignment = 64;
size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

struct Life {
  int32_t first = -1;   // node that makes the value
  int32_t last = -1;    // last node that reads it
  size_t bytes = 0;
};

bool together(const Life& a, const Life& b) { return a.first <= b.last && b.first <= a.last; }

std::vector<Life> lifetimes(const Graph& graph, const Sizes& max) {
  std::vector<Life> lives(static_cast<size_t>(graph.num_values()));
  const auto& nodes = graph.nodes();
  for (int32_t n = 0; n < int32_t(nodes.size()); ++n) {
    for (Value made : nodes[size_t(n)].outputs) {
      const Shape& shape = graph.shape(made);
      lives[size_t(made.id)] = {n, n, aligned(size_t(shape.rows.at(max)) * size_t(shape.cols) * sizeof(float))};
    }
    for (Value read : nodes[size_t(n)].inputs) lives[size_t(read.id)].last = n;
  }
  for (const Value result : {graph.output(), graph.hidden()})
    if (result.valid()) lives[size_t(result.id)].last = std::numeric_limits<int32_t>::max();
  return lives;
}

}  // namespace

MemoryPlan plan_memory(const Graph& graph, const Backend& backend, const Sizes& max, int workers) {
  const std::vector<Life> lives = lifetimes(graph, max);
  std::vector<size_t> order(lives.size());
  std::iota(order.begin(), order.end(), size_t{0});
  // Largest first: the big values settle at the bottom and the small ones fill the gaps.
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return lives[a].bytes > lives[b].bytes; });

  MemoryPlan plan;
  plan.offsets.assign(lives.size(), 0);
  std::vector<size_t> placed;   // by ascending offset
  for (size_t value : order) {
    if (lives[value].bytes == 0) continue;
    size_t offset = 0;
    for (size_t other : placed) {
      if (!together(lives[value], lives[other])) continue;
      if (offset + lives[value].bytes <= plan.offsets[other]) break;
      offset = std::max(offset, plan.offsets[other] + lives[other].bytes);
    }
    plan.offsets[value] = offset;
    plan.values_bytes = std::max(plan.values_bytes, offset + lives[value].bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), value,
                                   [&](size_t a, size_t b) { return plan.offsets[a] < plan.offsets[b]; }),
                  value);
  }

  size_t scratch = 0;
  for (const Node& node : graph.nodes()) scratch = std::max(scratch, backend.scratch_bytes(node, max, workers));
  plan.scratch_offset = plan.values_bytes;
  plan.arena_bytes = plan.values_bytes + aligned(scratch);
  return plan;
}

}  // namespace hadal
