// A backend that wraps another and tells a sink what ran: times, bytes, values. The only place where nodes are timed
// or looked at, so that models and kernels never do it.
#pragma once

#include <memory>

#include "graph/backend.hpp"

namespace hadal {

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // One task of a node ran on `worker`, by the host's clock. Called by several threads at once, each its own worker.
  virtual void ran(const NodeContext& context, int stage, int worker, int64_t started_ns, int64_t ended_ns) {
    (void)context, (void)stage, (void)worker, (void)started_ns, (void)ended_ns;
  }
  // A node is done; its inputs and outputs can be read. Called by the thread that steps.
  virtual void finished(const NodeContext& context) { (void)context; }
};

// The sink must outlive the backend. Results are those of the wrapped backend.
std::unique_ptr<Backend> trace(std::shared_ptr<Backend> backend, std::shared_ptr<Host> host, TraceSink& sink);

}  // namespace hadal
