// A backend of a few lines for tests of the graph alone: each node's tasks add up what they read, and it counts.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "graph/backend.hpp"
#include "graph/graph.hpp"

namespace hadal::test {

struct ToyPacked final : PackedWeight {
  bool reads_source() const override { return true; }
};

class ToyBackend final : public Backend {
 public:
  explicit ToyBackend(bool fuses) : fuses_(fuses) {}
  std::string_view name() const override { return "toy"; }
  std::string_view level() const override { return "toy"; }
  bool supports(const Node& node) const override { return fuses_ || node.op != Op::fused_linear; }
  size_t packed_bytes(const Weight&, WeightUse) const override { return 0; }
  std::unique_ptr<PackedWeight> pack(const Weight&, WeightUse, const std::shared_ptr<Host>&, TaskRunner&) override {
    return std::make_unique<ToyPacked>();
  }
  size_t cache_slot_bytes(const CacheSlot& slot) const override {
    return size_t(slot.kv_heads * (slot.key_dim + slot.value_dim) * CacheLayout::kPageTokens) * sizeof(float);
  }
  size_t scratch_bytes(const Node&, const Sizes& sizes, int workers) const override {
    return size_t(sizes.tokens) * 8 + size_t(workers);
  }
  int stages(const Node&) const override { return 2; }
  int64_t tasks(const NodeContext& context, int stage) const override {
    return stage == 0 ? 0 : context.outputs[0].rows;
  }
  // Row r of the output is 1 + the first value of row r of each input: a count of the nodes on the way.
  void run(const NodeContext& context, int, int64_t task, int) const override {
    ++ran;
    for (float& out : context.outputs[0].row<float>(task)) {
      out = 1;
      for (const Tensor& input : context.inputs)
        if (input.rows > 0 && input.cols > 0) out += input.row<const float>(std::min(task, input.rows - 1))[0];
    }
  }

  mutable std::atomic<int64_t> ran = 0;

 private:
  bool fuses_;
};

// Weights by name and shape; the data is never read.
inline Weight weight(std::string name, int64_t rows, int64_t cols, int32_t index = 0) {
  Weight w;
  w.name = std::move(name);
  w.rows = rows;
  w.cols = cols;
  w.index = index;
  return w;
}

// One llama-like block over `hidden` columns: all nodes a decoder has.
struct ToyModel {
  std::vector<Weight> weights;
  Graph graph;

  explicit ToyModel(int64_t hidden = 16) {
    weights = {weight("embed.weight", 100, hidden, 0), weight("norm.weight", 1, hidden, 1),
               weight("q.weight", hidden, hidden, 2),  weight("k.weight", hidden / 2, hidden, 3),
               weight("v.weight", hidden / 2, hidden, 4), weight("o.weight", hidden, hidden, 5),
               weight("norm2.weight", 1, hidden, 6),   weight("gate.weight", 3 * hidden, hidden, 7),
               weight("up.weight", 3 * hidden, hidden, 8), weight("down.weight", hidden, 3 * hidden, 9),
               weight("head.weight", 100, hidden, 10)};
    Graph& g = graph;
    Value x = g.embed(weights[0]);
    const Value n = g.rms_norm(x, weights[1], 1e-6f);
    const CacheSlot slot = g.cache_slot(1, hidden / 2, hidden / 2);
    const Value q = g.linear(n, {&weights[2], nullptr});
    const Value k = g.linear(n, {&weights[3], nullptr});
    const Value cache = g.append(slot, k, g.linear(n, {&weights[4], nullptr}));
    x = g.add(x, g.linear(g.attention(q, cache, 2, 0.5f), {&weights[5], nullptr}));
    const Value m = g.rms_norm(x, weights[6], 1e-6f);
    const Value up = g.linear(m, {&weights[8], nullptr});   // before gate: fusion must not care
    const Value gate = g.linear(m, {&weights[7], nullptr});
    x = g.add(x, g.linear(g.swiglu(gate, up), {&weights[9], nullptr}));
    g.set_output(g.linear(g.select_rows(x), {&weights[10], nullptr}));
  }
};

}  // namespace hadal::test
