// fused_linear against its plain nodes on the same backend, which the other tests hold to the reference.
#include <doctest/doctest.h>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"

namespace hadal::test {
namespace {

using Epilogue = FusedLinearAttributes::Epilogue;

struct Case {
  int64_t rows, in;
  bool norm;
  Epilogue epilogue;
  std::vector<int64_t> outs;   // of each projection
  std::vector<Dtype> dtypes;
  bool bias;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {1, 256, true, Epilogue::none, {64, 16, 16}, {Dtype::q4_k, Dtype::q4_k, Dtype::q6_k}, true},
      {5, 256, true, Epilogue::none, {33, 7, 65}, {Dtype::q4_0, Dtype::f16, Dtype::q8_0}, true},
      {19, 64, false, Epilogue::none, {40, 1}, {Dtype::q4_1, Dtype::q5_1}, false},
      {3, 7, true, Epilogue::none, {9}, {Dtype::f32}, true},
      {1, 512, true, Epilogue::swiglu, {96, 96}, {Dtype::q4_k, Dtype::q4_k}, false},
      {33, 256, true, Epilogue::swiglu, {65, 65}, {Dtype::q5_0, Dtype::q2_k}, true},
      {6, 513, true, Epilogue::swiglu, {31, 31}, {Dtype::bf16, Dtype::f32}, false},
      {9, 96, false, Epilogue::swiglu, {48, 48}, {Dtype::iq4_nl, Dtype::iq4_nl}, false},
      {1, 768, false, Epilogue::add, {256}, {Dtype::q6_k}, false},
      {40, 256, false, Epilogue::add, {50}, {Dtype::q3_k}, true},
      {2, 33, true, Epilogue::add, {33}, {Dtype::f16}, false},
      {21, 384, false, Epilogue::gelu, {65}, {Dtype::f32}, true},
      {1, 256, false, Epilogue::gelu, {40}, {Dtype::q8_0}, false},
      {70, 768, true, Epilogue::none, {130, 17}, {Dtype::iq4_xs, Dtype::q5_k}, false},
  };
  return list;
}

struct Operands {
  Matrix x, residual;
  OwnedWeight norm;
  std::vector<OwnedWeight> weights, biases;

  explicit Operands(const Case& c)
      : x(with_outliers(c.rows, c.in, 61)),
        residual(gaussian(c.rows, c.outs[0], 62)),
        norm(random_weight(Dtype::f32, 1, c.in, 63)) {
    for (size_t p = 0; p < c.outs.size(); ++p) {
      weights.push_back(random_weight(c.dtypes[p], c.outs[p], c.in, 64 + 2 * uint32_t(p)));
      biases.push_back(random_weight(Dtype::f32, 1, c.outs[p], 65 + 2 * uint32_t(p)));
    }
  }
};

constexpr float kEps = 1e-6f;

Node fused_node(const Case& c, const Operands& o) {
  Node node{Op::fused_linear, "test", {Value{0}}, {}, {c.norm ? &o.norm.weight : nullptr}, {}};
  node.attributes = FusedLinearAttributes{c.norm, kEps, c.epilogue, int32_t(c.outs.size())};
  for (size_t p = 0; p < c.outs.size(); ++p) {
    node.weights.push_back(&o.weights[p].weight);
    node.weights.push_back(c.bias ? &o.biases[p].weight : nullptr);
  }
  const size_t outputs = c.epilogue == Epilogue::none ? c.outs.size() : 1;
  for (size_t p = 0; p < outputs; ++p) node.outputs.push_back(Value{int32_t(2 + p)});
  if (c.epilogue == Epilogue::add) node.inputs.push_back(Value{1});
  return node;
}

std::vector<Matrix> run_plain(Backend& backend, const Case& c, const Operands& o) {
  const TestBatch batch = plain_batch(c.rows);
  Matrix x = o.x;
  if (c.norm) {
    const Node node{Op::rms_norm, "test", {Value{0}}, {Value{1}}, {&o.norm.weight}, NormAttributes{kEps}};
    x = run_one(backend, node, {&o.x, 1}, {c.rows, c.in}, batch);
  }
  std::vector<Matrix> results;
  for (size_t p = 0; p < c.outs.size(); ++p) {
    const Node node{Op::linear, "test", {Value{0}}, {Value{1}},
                    {&o.weights[p].weight, c.bias ? &o.biases[p].weight : nullptr}, {}};
    results.push_back(run_one(backend, node, {&x, 1}, {c.rows, c.outs[p]}, batch));
  }
  if (c.epilogue == Epilogue::none) return results;
  if (c.epilogue == Epilogue::gelu) {
    const Node node{Op::gelu, "test", {Value{0}}, {Value{1}}, {}, {}};
    return {run_one(backend, node, {&results[0], 1}, {c.rows, c.outs[0]}, batch)};
  }
  const Op op = c.epilogue == Epilogue::swiglu ? Op::swiglu : Op::add;
  const Matrix pair[2] = {results[0], op == Op::swiglu ? results[1] : o.residual};
  return {run_one(backend, {op, "test", {Value{0}, Value{1}}, {Value{2}}, {}, {}}, pair, {c.rows, c.outs[0]}, batch)};
}

TEST_CASE("fused_linear gives the bits of its plain nodes") {
  for (const bool exact : {false, true}) {
    BackendOptions options;
    options.exact = exact;
    for (const auto& backend : backends_under_test(options)) {
      for (const Case& c : cases()) {
        CAPTURE(label(*backend));
        CAPTURE(exact);
        CAPTURE(c.rows);
        CAPTURE(c.in);
        const Operands o(c);
        const Node node = fused_node(c, o);
        if (!backend->supports(node)) continue;
        const Matrix inputs[2] = {o.x, o.residual};
        std::vector<OutputShape> shapes;
        for (size_t p = 0; p < node.outputs.size(); ++p) shapes.push_back({c.rows, c.outs[p]});
        const std::vector<Matrix> fused =
            run_node(*backend, node, {inputs, node.inputs.size()}, shapes, plain_batch(c.rows));
        const std::vector<Matrix> plain = run_plain(*backend, c, o);
        for (size_t p = 0; p < plain.size(); ++p) CHECK(same_bits(fused[p], plain[p]));
      }
    }
  }
}

TEST_CASE("the reference takes no fused node: its plain nodes are the definition") {
  for (const Case& c : cases()) CHECK(!reference().supports(fused_node(c, Operands(c))));
}

}  // namespace
}  // namespace hadal::test
