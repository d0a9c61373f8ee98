#include <doctest/doctest.h>

#include <random>

#include "graph/planner.hpp"
#include "unit/graph/toy_backend.hpp"

namespace hadal::test {
namespace {

// A random graph of adds and row-wise norms, some results read much later.
struct RandomGraph {
  Weight table, head;
  std::vector<Weight> widths;
  Graph graph;

  explicit RandomGraph(unsigned seed) : table(weight("t.weight", 9, 32)), head(weight("h.weight", 5, 32)) {
    std::mt19937 random(seed);
    std::vector<Value> values{graph.embed(table)};
    for (int i = 0; i < 40; ++i) {
      const Value a = values[random() % values.size()], b = values[random() % values.size()];
      values.push_back(graph.add(a, b));
    }
    graph.set_output(graph.linear(graph.select_rows(values.back()), {&head, nullptr}));
  }
};

}  // namespace

TEST_CASE("values that live together never share bytes, and all lie below the scratch") {
  const ToyBackend backend(false);
  const Sizes max{13, 3};
  for (unsigned seed = 0; seed < 50; ++seed) {
    const RandomGraph random(seed);
    const Graph& g = random.graph;
    const MemoryPlan plan = plan_memory(g, backend, max, 2);
    // Walk the nodes as the executor would and mark every live byte with its value.
    std::vector<int> last(size_t(g.num_values()), -1);
    for (int n = 0; n < int(g.nodes().size()); ++n)
      for (Value input : g.nodes()[size_t(n)].inputs) last[size_t(input.id)] = n;
    last[size_t(g.output().id)] = int(g.nodes().size());
    std::vector<int> owner(plan.values_bytes, -1);
    for (int n = 0; n < int(g.nodes().size()); ++n) {
      const Node& node = g.nodes()[size_t(n)];
      const auto each_byte = [&](Value value, auto visit) {
        const Shape& shape = g.shape(value);
        const size_t begin = plan.offsets[size_t(value.id)];
        const size_t bytes = size_t(shape.rows.at(max) * shape.cols) * sizeof(float);
        REQUIRE(begin + bytes <= plan.scratch_offset);
        for (size_t i = begin; i < begin + bytes; ++i) visit(owner[i]);
      };
      for (Value made : node.outputs)
        each_byte(made, [&](int& o) {
          if (o >= 0) REQUIRE(last[size_t(o)] < n);
          o = made.id;
        });
      for (Value input : node.inputs) each_byte(input, [&](const int& o) { REQUIRE(o == input.id); });
    }
    CHECK(plan.arena_bytes >= plan.scratch_offset + backend.scratch_bytes(g.nodes()[0], max, 2));
  }
}

TEST_CASE("a chain of layers needs no more memory than one of them") {
  const ToyBackend backend(false);
  const Weight table = weight("t.weight", 9, 32), head = weight("h.weight", 5, 32);
  const auto bytes = [&](int layers) {
    Graph g;
    Value x = g.embed(table);
    for (int i = 0; i < layers; ++i) x = g.add(x, g.swiglu(x, x));
    g.set_output(g.linear(g.select_rows(x), {&head, nullptr}));
    return plan_memory(g, backend, {100, 1}, 1).values_bytes;
  };
  CHECK(bytes(50) == bytes(2));
}

}  // namespace hadal::test
