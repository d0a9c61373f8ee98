#include "graph/executor.hpp"

#include <algorithm>
#include <cassert>

namespace hadal {
namespace {

// Between two looks at `pause`: short enough for a game's frame, long enough that the look costs nothing.
constexpr int64_t kSliceNs = 200'000;

}  // namespace

Executor::Executor(const Program& program, const Graph& graph, std::shared_ptr<Host> host, TaskRunner& runner,
                   const Sizes& max)
    : program_(program),
      graph_(graph),
      host_(std::move(host)),
      runner_(runner),
      max_(max),
      plan_(program.plan(graph, max, runner.concurrency())),
      arena_(host_, plan_.arena_bytes, "arena") {
  size_t inputs = 0, outputs = 0, weights = 0;
  for (const Node& node : graph_.nodes()) {
    inputs = std::max(inputs, node.inputs.size());
    outputs = std::max(outputs, node.outputs.size());
    weights = std::max(weights, node.weights.size());
  }
  inputs_.reserve(inputs);
  outputs_.reserve(outputs);
  weights_.reserve(weights);
}

void Executor::start(const Batch& batch) {
  assert(batch.sizes().tokens <= max_.tokens && batch.sizes().outputs <= max_.outputs);
  batch_ = batch;
  running_ = true;
  node_ = 0;
  stage_ = 0;
  next_task_ = 0;
  if (!graph_.nodes().empty()) bind(0);
}

// Within the capacities reserved above, so nothing is allocated here.
void Executor::bind(size_t number) {
  const Node& node = graph_.nodes()[number];
  const Sizes sizes = batch_.sizes();
  const auto tensor = [&](Value value) {
    const Shape& shape = graph_.shape(value);
    return matrix(arena_.data() + plan_.offsets[size_t(value.id)], Dtype::f32, shape.rows.at(sizes), shape.cols);
  };
  inputs_.clear();
  outputs_.clear();
  weights_.clear();
  for (Value value : node.inputs) inputs_.push_back(tensor(value));
  for (Value value : node.outputs) outputs_.push_back(tensor(value));
  for (const Weight* weight : node.weights) weights_.push_back(program_.packed(weight));
}

bool Executor::advance(FunctionRef<bool()> pause) {
  const auto& nodes = graph_.nodes();
  const Backend& backend = program_.backend();
  const int64_t workers = runner_.concurrency();
  while (running_ && node_ < nodes.size()) {
    const NodeContext context{nodes[node_], batch_, program_.cache_layout(), inputs_, outputs_, weights_,
                              arena_.data() + plan_.scratch_offset};
    const int64_t tasks = backend.tasks(context, stage_);
    if (next_task_ == 0) slice_ = 4 * workers;
    while (next_task_ < tasks) {
      const int64_t end = std::min(tasks, next_task_ + slice_);
      const int64_t started = end < tasks ? host_->now_ns() : 0;
      runner_.run(next_task_, end,
                  [&](int64_t task, int worker) { backend.run(context, stage_, task, worker); });
      next_task_ = end;
      if (end == tasks) break;
      if (pause()) return false;
      if (host_->now_ns() - started < kSliceNs) slice_ *= 2;
    }
    next_task_ = 0;
    if (++stage_ < backend.stages(nodes[node_])) continue;
    stage_ = 0;
    backend.finished(context);
    if (++node_ < nodes.size()) {
      bind(node_);
      if (pause()) return false;
    }
  }
  running_ = false;
  return true;
}

Tensor Executor::result(Value value) const {
  const Shape& shape = graph_.shape(value);
  return matrix(arena_.data() + plan_.offsets[size_t(value.id)], Dtype::f32, shape.rows.at(batch_.sizes()),
                shape.cols);
}

}  // namespace hadal
