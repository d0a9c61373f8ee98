// The CPU backend: threads and SIMD. One file per operation, one table of inner loops per instruction set level.
#pragma once

#include "graph/backend.hpp"

namespace hadal {

// Throws Error(unsupported) for a level this machine lacks, Error(invalid_argument) for other bad options.
std::unique_ptr<Backend> make_cpu_backend(const BackendOptions& options);

}  // namespace hadal
