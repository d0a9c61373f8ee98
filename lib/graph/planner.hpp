// Where each value lives while a graph runs: lifetimes become offsets into one arena, known before it is allocated.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/backend.hpp"
#include "graph/graph.hpp"

namespace hadal {

struct MemoryPlan {
  std::vector<size_t> offsets;   // by value id, into the arena
  size_t values_bytes = 0;       // the arena's first part
  size_t scratch_offset = 0;     // its second part, shared by all nodes
  size_t arena_bytes = 0;
};

// For runs of at most `max`, with `workers` tasks at once. Two values overlap only if they never live together.
MemoryPlan plan_memory(const Graph& graph, const Backend& backend, const Sizes& max, int workers);

}  // namespace hadal
