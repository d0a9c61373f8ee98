// A backend that wraps another and tells a sink what ran: times, bytes, values. The only place where nodes are timed
// or looked at, so that models and kernels never do it.
#pragma once

#include <memory>

#include "graph/backend.hpp"

namespace hadal {

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // One task of a node ran on `worker` for so long. Called by several threads at once.
  virtual void ran(const Node& node, int stage, int worker, int64_t nanoseconds) {
    (void)node, (void)stage, (void)worker, (void)nanoseconds;
  }
  // A node is done; its inputs and outputs can be read. Called by the thread that steps.
  virtual void finished(const NodeContext& context) { (void)context; }
};

// The sink must outlive the backend. Results are those of the wrapped backend.
std::unique_ptr<Backend> trace(std::shared_ptr<Backend> backend, std::shared_ptr<Host> host, TraceSink& sink);

}  // namespace hadal
