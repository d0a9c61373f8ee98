// The reference backend: the definition of each op, in f32 data with sums in double, and what every other backend is
// measured against. It takes weights as they lie in the file, keeps its cache in f32 and knows no fused node.
#pragma once

#include <memory>

#include "graph/backend.hpp"

namespace hadal::reference {

bool usable();

// Throws Error(unsupported) if an instruction set level is asked for. exact, panels and cache_type change nothing: the
// reference is never less exact than they ask.
std::unique_ptr<Backend> make(const BackendOptions& options);

}  // namespace hadal::reference
