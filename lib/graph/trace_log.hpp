// The last spans of a traced backend, as text in Chrome's trace event format: what each worker did when.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "graph/tracing.hpp"

namespace hadal {

class TraceLog final : public TraceSink {
 public:
  // Keeps the last `spans` of each worker, in memory it takes at once: 48 bytes for each.
  TraceLog(const std::shared_ptr<Host>& host, int workers, size_t spans);

  // Tasks of one stage of a node that a worker does one after the other are one span.
  void ran(const NodeContext& context, int stage, int worker, int64_t started_ns, int64_t ended_ns) override;

  // {"traceEvents": [{"name": the op, "ph": "X", "tid": the worker, "ts", "dur": microseconds, "args": {"node",
  // "stage", "tasks", "rows", "weight_bytes": of the node's matrices, of a mixture's at most those its rows can ask for}}]}.
  // While nothing runs.
  std::string json() const;

 private:
  struct Span {
    const Node* node;
    int64_t started_ns, ended_ns, weight_bytes;
    int32_t stage, tasks, rows;
  };
  struct alignas(64) Worker {
    Span* spans = nullptr;
    uint64_t count = 0;   // ever; the ring holds the last ones
  };

  size_t spans_;
  Buffer memory_;
  std::vector<Worker> workers_;
};

}  // namespace hadal
