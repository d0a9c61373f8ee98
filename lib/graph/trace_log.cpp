#include "graph/trace_log.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include "core/message.hpp"

namespace hadal {
namespace {

int64_t rows_of(const NodeContext& context) {
  return context.outputs.empty() ? context.batch.tokens.size() : context.outputs[0].rows;
}

int64_t weight_bytes(const NodeContext& context) {
  size_t bytes = 0;
  for (const Weight* weight : context.node.weights) {
    if (!weight) continue;
    const size_t rows = size_t(rows_of(context));
    if (context.node.op == Op::embed) bytes += rows * bytes_of(weight->dtype, weight->cols);
    else if (context.node.op == Op::experts)
      bytes += weight->part_bytes() * std::min(weight->parts.size(), rows * size_t(context.inputs[1].cols) / 2);
    else bytes += weight->bytes();
  }
  return int64_t(bytes);
}

}  // namespace

TraceLog::TraceLog(const std::shared_ptr<Host>& host, int workers, size_t spans)
    : spans_(spans), memory_(host, size_t(workers) * spans * sizeof(Span), "trace"), workers_(size_t(workers)) {
  auto* memory = reinterpret_cast<Span*>(memory_.data());
  std::uninitialized_default_construct_n(memory, size_t(workers) * spans);
  for (size_t i = 0; i < workers_.size(); ++i) workers_[i].spans = memory + i * spans;
}

void TraceLog::ran(const NodeContext& context, int stage, int worker, int64_t started_ns, int64_t ended_ns) {
  Worker& own = workers_[size_t(worker)];
  if (own.count > 0) {
    Span& last = own.spans[(own.count - 1) % spans_];
    if (last.node == &context.node && last.stage == stage) {
      last.ended_ns = ended_ns;
      ++last.tasks;
      return;
    }
  }
  own.spans[own.count++ % spans_] = {&context.node, started_ns, ended_ns, stage == 0 ? weight_bytes(context) : 0,
                                     stage, 1, int32_t(rows_of(context))};
}

std::string TraceLog::json() const {
  int64_t first = std::numeric_limits<int64_t>::max();
  const auto for_each = [&](auto&& see) {
    for (size_t worker = 0; worker < workers_.size(); ++worker) {
      const uint64_t count = workers_[worker].count;
      for (uint64_t i = count > spans_ ? count - spans_ : 0; i < count; ++i)
        see(worker, workers_[worker].spans[i % spans_]);
    }
  };
  for_each([&](size_t, const Span& span) { first = std::min(first, span.started_ns); });
  std::string out = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
  const auto microseconds = [&](int64_t ns) {
    append_to(out, ns / 1000);
    out += '.';
    for (int64_t digit = 100; digit > 0; digit /= 10) out += char('0' + ns / digit % 10);
  };
  bool any = false;
  for_each([&](size_t worker, const Span& span) {
    out += any ? ",\n" : "\n";
    any = true;
    // Names of ops and nodes are the library's own: letters, digits, dots and underscores.
    out += message("{\"name\":\"", name_of(span.node->op), "\",\"ph\":\"X\",\"pid\":1,\"tid\":", worker, ",\"ts\":");
    microseconds(span.started_ns - first);
    out += ",\"dur\":";
    microseconds(span.ended_ns - span.started_ns);
    out += message(",\"args\":{\"node\":\"", span.node->name, "\",\"stage\":", span.stage, ",\"tasks\":", span.tasks,
                   ",\"rows\":", span.rows, ",\"weight_bytes\":", span.weight_bytes, "}}");
  });
  return out + "\n]}\n";
}

}  // namespace hadal
