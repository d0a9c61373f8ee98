#include <doctest/doctest.h>

#include "graph/fusion.hpp"
#include "unit/graph/toy_backend.hpp"

namespace hadal::test {
namespace {

std::vector<std::string> names(const Graph& graph) {
  std::vector<std::string> all;
  for (const Node& node : graph.nodes()) all.push_back(std::string(name_of(node.op)) + " " + node.name);
  return all;
}

}  // namespace

TEST_CASE("norm, projections and epilogue become one node, in an order where every input is there") {
  const ToyModel model;
  const ToyBackend backend(true);
  const Graph fused = fuse(model.graph, backend);
  REQUIRE(fused.nodes().size() == 9);
  CHECK(names(fused) == std::vector<std::string>{"embed embed", "fused_linear q", "append append",
                                                 "attention attention", "fused_linear o", "fused_linear up",
                                                 "fused_linear down", "select_rows select_rows",
                                                 "fused_linear head"});
  std::vector<bool> made(size_t(fused.num_values()), false);
  for (const Node& node : fused.nodes()) {
    for (Value input : node.inputs) CHECK(made[size_t(input.id)]);
    for (Value output : node.outputs) made[size_t(output.id)] = true;
  }
  const auto& qkv = fused.nodes()[1].as<FusedLinearAttributes>();
  CHECK(qkv.norm);
  CHECK(qkv.projections == 3);
  CHECK(fused.nodes()[1].outputs.size() == 3);
  CHECK(fused.nodes()[1].weights.size() == 7);
  CHECK(fused.nodes()[4].as<FusedLinearAttributes>().epilogue == FusedLinearAttributes::Epilogue::add);
  CHECK(fused.nodes()[4].inputs.size() == 2);
  CHECK(fused.nodes()[5].as<FusedLinearAttributes>().epilogue == FusedLinearAttributes::Epilogue::swiglu);
  CHECK(fused.nodes()[5].weights[1]->name == "gate.weight");   // gate first, whichever was recorded first
  CHECK(fused.nodes()[5].weights[3]->name == "up.weight");
  CHECK(fused.output() == model.graph.output());
}

TEST_CASE("a backend without fused nodes keeps the plain graph") {
  const ToyModel model;
  const ToyBackend backend(false);
  CHECK(names(fuse(model.graph, backend)) == names(model.graph));
}

TEST_CASE("a normalised value that something else reads too stays a node of its own") {
  const Weight table = weight("t.weight", 9, 8), norm = weight("n.weight", 1, 8), w = weight("w.weight", 8, 8);
  Graph g;
  const Value n = g.rms_norm(g.embed(table), norm, 1e-6f);
  g.set_output(g.select_rows(g.add(g.linear(n, {&w, nullptr}), n)));
  const ToyBackend backend(true);
  const Graph fused = fuse(g, backend);
  CHECK(names(fused) == std::vector<std::string>{"embed t", "rms_norm n", "fused_linear w", "select_rows select_rows"});
  CHECK_FALSE(fused.nodes()[2].as<FusedLinearAttributes>().norm);
}

}  // namespace hadal::test
