#include <doctest/doctest.h>

#include <string>

#include "core/status.hpp"
#include "graph/graph.hpp"
#include "unit/graph/toy_backend.hpp"

namespace hadal::test {
namespace {

template <class Record>
std::string refusal(Record record) {
  try {
    record();
  } catch (const Error& error) {
    CHECK(error.status() == Status::corrupt);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a shape error names the node, the weight, what was expected and what was found") {
  Graph g;
  const Weight table = weight("model.embed_tokens.weight", 50, 8);
  const Value x = g.embed(table);
  const Weight wrong = weight("model.layers.3.self_attn.q_proj.weight", 8, 9);
  CHECK(refusal([&] { g.linear(x, {&wrong, nullptr}); }) ==
        "linear model.layers.3.self_attn.q_proj.weight: expected [out, 8], found [8, 9]");
  const Weight square = weight("w.weight", 4, 8), bias = weight("w.bias", 1, 5);
  CHECK(refusal([&] { g.linear(x, {&square, &bias}); }) == "linear w.bias: expected [4], found [5]");
  const Weight norm = weight("norm.weight", 1, 3);
  CHECK(refusal([&] { g.rms_norm(x, norm, 1e-6f); }).find("divides 8, found [3]") != std::string::npos);
  CHECK(refusal([&] { g.set_output(x); }).find("found [tokens, 8]") != std::string::npos);
}

TEST_CASE("attention checks its heads and that its cache was appended to") {
  Graph g;
  const Weight table = weight("t.weight", 50, 24);
  const Value x = g.embed(table);
  const CacheSlot slot = g.cache_slot(2, 12, 12);
  const Value cache = g.append(slot, x, x);
  CHECK(refusal([&] { g.attention(x, cache, 3, 1); }).find("over 2 key heads") != std::string::npos);
  CHECK(refusal([&] { g.attention(x, x, 2, 1); }).find("not appended") != std::string::npos);
  CHECK(g.shape(g.attention(x, cache, 2, 1)) == Shape{kTokens, 24});
}

TEST_CASE("nodes carry the scope they were recorded in") {
  Graph g;
  const Weight table = weight("t.weight", 50, 8);
  const Value x = g.embed(table);
  {
    const Graph::Scope outer(g, "layers.0");
    const Graph::Scope inner(g, "mlp");
    g.add(x, x);
  }
  g.add(x, x);
  CHECK(g.nodes()[1].name == "layers.0.mlp.add");
  CHECK(g.nodes()[2].name == "add");
}

}  // namespace hadal::test
