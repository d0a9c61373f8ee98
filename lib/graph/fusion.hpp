// Rewrites a graph with fused nodes where a backend takes them. The rewritten graph means the same.
#pragma once

#include "graph/backend.hpp"
#include "graph/graph.hpp"

namespace hadal {

// linear nodes that share an input become one; a rms_norm read only by them moves in; swiglu over two of them, or an
// add of the residual, becomes the epilogue.
Graph fuse(const Graph& graph, const Backend& backend);

}  // namespace hadal
