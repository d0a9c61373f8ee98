// What encoders need: attention within a run, gelu, tanh, means of sequences, tables of positions and types.
#include <doctest/doctest.h>

#include <cmath>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

std::vector<Backend*> all_backends(const std::vector<std::unique_ptr<Backend>>& others) {
  std::vector<Backend*> all = {&reference()};
  for (const auto& backend : others) all.push_back(backend.get());
  return all;
}

// Sequences of these lengths side by side; each wants the row of its first token.
TestBatch sequences_of(std::initializer_list<int64_t> lengths) {
  TestBatch batch;
  for (const int64_t length : lengths) {
    const int64_t first = int64_t(batch.tokens.size());
    batch.sequences.push_back({first, length, 0, {}});
    batch.output_rows.push_back(int32_t(first));
    for (int64_t i = 0; i < length; ++i) batch.tokens.push_back(int32_t(first + i)), batch.positions.push_back(int32_t(i));
  }
  return batch;
}

Matrix run_unary(Backend& backend, Op op, const Matrix& x) {
  const Node node{op, "test", {Value{0}}, {Value{1}}, {}, {}};
  return run_one(backend, node, {{x}}, {x.rows, x.cols}, plain_batch(x.rows));
}

template <class Formula>
Matrix mapped(const Matrix& x, Formula formula) {
  Matrix y(x.rows, x.cols);
  for (size_t i = 0; i < x.values.size(); ++i) y.values[i] = float(formula(double(x.values[i])));
  return y;
}

Matrix attention_formula(const Matrix (&in)[3], const SelfAttentionAttributes& a, const TestBatch& batch) {
  Matrix y(in[0].rows, a.heads * a.value_dim);
  for (const BatchSequence& s : batch.sequences)
    for (int64_t t = 0; t < s.num_tokens; ++t)
      for (int64_t h = 0; h < a.heads; ++h) {
        const int64_t kv = h / (a.heads / a.kv_heads), end = a.causal ? t + 1 : s.num_tokens;
        std::vector<double> scores, sums(size_t(a.value_dim), 0.0);
        double most = -1e300, total = 0;
        for (int64_t j = 0; j < end; ++j) {
          double dot = 0;
          for (int64_t i = 0; i < a.key_dim; ++i)
            dot += double(in[0].at(s.first_token + t, h * a.key_dim + i)) * in[1].at(s.first_token + j, kv * a.key_dim + i);
          scores.push_back(dot * a.scale);
          most = std::max(most, scores.back());
        }
        for (int64_t j = 0; j < end; ++j) {
          const double share = std::exp(scores[size_t(j)] - most);
          total += share;
          for (int64_t i = 0; i < a.value_dim; ++i)
            sums[size_t(i)] += share * in[2].at(s.first_token + j, kv * a.value_dim + i);
        }
        for (int64_t i = 0; i < a.value_dim; ++i) y.at(s.first_token + t, h * a.value_dim + i) = float(sums[size_t(i)] / total);
      }
  return y;
}

Matrix attend(Backend& backend, const Matrix (&in)[3], const SelfAttentionAttributes& a, const TestBatch& batch) {
  const Node node{Op::self_attention, "test", {Value{0}, Value{1}, Value{2}}, {Value{3}}, {}, a};
  return run_one(backend, node, in, {in[0].rows, a.heads * a.value_dim}, batch);
}

constexpr SelfAttentionAttributes kAttentions[] = {
    {3, 3, 32, 32, 0.25f, false}, {4, 2, 7, 5, 0.4f, false}, {2, 1, 64, 64, 0.125f, true}, {1, 1, 1, 1, 1.0f, false}};

TEST_CASE("self_attention is its formula over each sequence alone, whole or causal") {
  const auto others = backends_under_test();
  const TestBatch batch = sequences_of({1, 64, 65, 17, 300});   // below, at and across pages, and beyond one range
  const int64_t tokens = int64_t(batch.tokens.size());
  for (const SelfAttentionAttributes& a : kAttentions) {
    CAPTURE(a.heads);
    CAPTURE(a.causal);
    const Matrix in[3] = {gaussian(tokens, a.heads * a.key_dim, 1), gaussian(tokens, a.kv_heads * a.key_dim, 2),
                          gaussian(tokens, a.kv_heads * a.value_dim, 3)};
    const Matrix expected = attention_formula(in, a, batch);
    for (Backend* backend : all_backends(others)) {
      CAPTURE(label(*backend));
      // A score's rounding, some 2^-22 of it here, moves its weight by as much.
      CHECK(nmse(attend(*backend, in, a, batch), expected) <= (backend == &reference() ? kOneRounding : 0x1p-40));
    }
  }
}

TEST_CASE("self_attention gives a sequence the same bits in any company") {
  const auto others = backends_under_test();
  const TestBatch batch = sequences_of({40, 130, 7}), alone = sequences_of({130});
  const SelfAttentionAttributes a{4, 4, 32, 32, 0.2f, false};
  const Matrix in[3] = {gaussian(177, 128, 1), gaussian(177, 128, 2), gaussian(177, 128, 3)};
  Matrix own[3] = {Matrix(130, 128), Matrix(130, 128), Matrix(130, 128)};
  for (int m = 0; m < 3; ++m)
    for (int64_t t = 0; t < 130; ++t)
      for (int64_t i = 0; i < 128; ++i) own[m].at(t, i) = in[m].at(40 + t, i);
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    const Matrix together = attend(*backend, in, a, batch), single = attend(*backend, own, a, alone);
    bool same = true;
    for (int64_t t = 0; t < 130; ++t)
      for (int64_t i = 0; i < 128; ++i) same = same && together.at(40 + t, i) == single.at(t, i);
    CHECK(same);
  }
}

TEST_CASE("gelu and tanh are their formulas, far out too") {
  const auto others = backends_under_test();
  for (const OutputShape& shape : {OutputShape{1, 1}, {3, 7}, {5, 513}}) {
    Matrix x = with_outliers(shape.rows, shape.cols, 31);
    x.values[0] = -30;
    const Matrix gelu = mapped(x, [](double v) { return v / 2 * std::erfc(-v / std::sqrt(2.0)); });
    const Matrix tanh = mapped(x, [](double v) { return std::tanh(v); });
    for (Backend* backend : all_backends(others)) {
      CAPTURE(label(*backend));
      const Matrix y = run_unary(*backend, Op::gelu, x);
      // erf is good to 3.3e-7: half of that of x, and a rounding.
      for (size_t i = 0; i < y.values.size(); ++i)
        CHECK(std::fabs(double(y.values[i]) - gelu.values[i]) <= 2.3e-7 * std::fabs(x.values[i]) + 0x1p-23 * std::fabs(gelu.values[i]));
      CHECK(nmse(run_unary(*backend, Op::tanh, x), tanh) <= kOneRounding);
    }
  }
}

TEST_CASE("gelu of what is not a number is not one") {
  const auto others = backends_under_test();
  Matrix x(1, 9);
  x.values.assign(9, std::nanf(""));
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    for (const float v : run_unary(*backend, Op::gelu, x).values) CHECK(std::isnan(v));
  }
}

TEST_CASE("mean_rows is the mean of each sequence") {
  const auto others = backends_under_test();
  const TestBatch batch = sequences_of({1, 5, 130});
  const Matrix x = gaussian(136, 100, 5);
  Matrix expected(3, 100);
  for (int64_t s = 0; s < 3; ++s)
    for (int64_t i = 0; i < 100; ++i) {
      double sum = 0;
      for (int64_t t = 0; t < batch.sequences[size_t(s)].num_tokens; ++t) sum += x.at(batch.sequences[size_t(s)].first_token + t, i);
      expected.at(s, i) = float(sum / double(batch.sequences[size_t(s)].num_tokens));
    }
  const Node node{Op::mean_rows, "test", {Value{0}}, {Value{1}}, {}, {}};
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    CHECK(nmse(run_one(*backend, node, {{x}}, {3, 100}, batch), expected) <= kOneRounding);
  }
}

TEST_CASE("embed looks up positions from a first row on, and types") {
  const auto others = backends_under_test();
  const OwnedWeight table = random_weight(Dtype::f32, 12, 40, 6);
  const TestBatch batch = sequences_of({3, 9});
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    const Node positions{Op::embed, "test", {}, {Value{0}}, {&table.weight}, EmbedAttributes{EmbedAttributes::Index::positions, 2}};
    const Matrix y = run_one(*backend, positions, {}, {12, 40}, batch);
    for (int64_t t = 0; t < 12; ++t) CHECK(y.at(t, 7) == table.decoded[size_t((t < 3 ? t + 2 : t - 1) * 40 + 7)]);
    const Node types{Op::embed, "test", {}, {Value{0}}, {&table.weight}, EmbedAttributes{EmbedAttributes::Index::types}};
    const Matrix z = run_one(*backend, types, {}, {12, 40}, batch);   // none given: all are of the first
    for (int64_t t = 0; t < 12; ++t) CHECK(z.at(t, 39) == table.decoded[39]);
  }
}

}  // namespace
}  // namespace hadal::test
