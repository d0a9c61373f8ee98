// route: which experts, with what weights. Against the model descriptions' formulas, against transformers' own routers
// (tests/golden/recipes/router.py recorded them), and every backend against the reference.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <set>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"

namespace hadal::test {
namespace {

using Score = RouteAttributes::Score;

struct Kind {
  const char* name;
  int64_t experts;
  bool bias;
  RouteAttributes how;
};

// V1 and V2-Lite, V2, V3.
const Kind kKinds[] = {
    {"greedy", 64, false, {6, Score::softmax, 1, 1, false, false, 1}},
    {"group_limited", 160, false, {6, Score::softmax, 8, 3, false, false, 16}},
    {"noaux_tc", 256, true, {8, Score::sigmoid, 8, 4, true, true, 2.5f}},
};
constexpr int64_t kHidden = 128, kManyRows = 10000;

// The reference first.
std::vector<Backend*> all_backends(const std::vector<std::unique_ptr<Backend>>& others) {
  std::vector<Backend*> all{&reference()};
  for (const auto& backend : others) all.push_back(backend.get());
  return all;
}

// Float weights of our choice.
struct Floats {
  explicit Floats(const Matrix& m) : values(m.values) {
    weight.name = "test";
    weight.rows = m.rows;
    weight.cols = m.cols;
    weight.data = reinterpret_cast<const std::byte*>(values.data());
  }
  std::vector<float> values;
  Weight weight;
};

Matrix run_route(Backend& backend, const Matrix& x, const Weight& gate, const Weight* bias,
                 const RouteAttributes& how) {
  const Node node{Op::route, "test", {Value{0}}, {Value{1}}, {&gate, bias}, how};
  return run_one(backend, node, {&x, 1}, {x.rows, 2 * how.num_experts_per_tok}, plain_batch(x.rows));
}

Matrix row_of(std::vector<float> values) {
  Matrix m(1, int64_t(values.size()));
  m.values = std::move(values);
  return m;
}

// Logits that are given: through a unit matrix.
Matrix route_logits(Backend& backend, const std::vector<float>& logits, const std::vector<float>& bias,
                    const RouteAttributes& how) {
  const int64_t n = int64_t(logits.size());
  Matrix unit(n, n);
  for (int64_t i = 0; i < n; ++i) unit.at(i, i) = 1;
  const Floats gate(unit), biases(row_of(bias.empty() ? std::vector<float>(size_t(n)) : bias));
  return run_route(backend, row_of(logits), gate.weight, bias.empty() ? nullptr : &biases.weight, how);
}

void check_choice(const Matrix& y, const std::vector<int>& experts, const std::vector<double>& weights) {
  for (size_t i = 0; i < experts.size(); ++i) {
    CHECK(y.values[i] == float(experts[i]));
    CHECK(std::fabs(y.values[experts.size() + i] - weights[i]) <= 1e-6 * std::max(1.0, weights[i]));
  }
}

TEST_CASE("routing gives the choices and weights that DeepSeek's formulas give") {
  const std::vector<float> logits = {0.2f, -1, 1.5f, 0.3f, -0.4f, 0.9f, 2, -2};
  const std::vector<float> bias = {.05f, .3f, -.2f, .1f, 0, -.05f, -.6f, .25f};
  const auto others = backends_under_test();
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    check_choice(route_logits(*backend, logits, bias, {3, Score::sigmoid, 4, 2, true, true, 2.5f}), {3, 2, 0},
                 {.739555, 1.052571, .707874});
    check_choice(route_logits(*backend, logits, {}, {3, Score::softmax, 1, 1, false, false, 1}), {6, 2, 5},
                 {.408797, .247948, .136077});
    check_choice(route_logits(*backend, logits, {}, {3, Score::softmax, 4, 2, false, false, 16}), {6, 2, 3},
                 {6.540744, 3.967162, 1.194886});
  }
}

TEST_CASE("of equal scores the lower group and the lower expert are taken") {
  const auto others = backends_under_test();
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    check_choice(route_logits(*backend, {1, 1, 1, 1, 0, 0, 2, 2}, std::vector<float>(8),
                              {3, Score::sigmoid, 4, 2, true, true, 2.5f}),
                 {6, 7, 0}, {.883393, .883393, .733213});
    check_choice(route_logits(*backend, std::vector<float>(40, 0.5f), {}, {4, Score::softmax, 1, 1, false, false, 1}),
                 {0, 1, 2, 3}, {.025, .025, .025, .025});
    check_choice(route_logits(*backend, std::vector<float>(40, 0.5f), {}, {3, Score::softmax, 8, 2, false, false, 1}),
                 {0, 1, 2}, {.025, .025, .025});
  }
}

TEST_CASE("a bias moves the choice and leaves the weights alone, even where it makes all scores negative") {
  const auto others = backends_under_test();
  const double half = 0.5, one = 1 / (1 + std::exp(-1.0));
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    check_choice(route_logits(*backend, {0, 1, 0, 1}, {-2, -4, -3, -5}, {2, Score::sigmoid, 2, 1, true, false, 1}),
                 {0, 1}, {half, one});
  }
}

// splitmix64 of the name's hash, as tests/golden/recipes/tiny_models.py has it; multiples of 1/256 in [-scale, scale).
std::vector<float> uniform(const std::string& name, size_t count) {
  uint64_t seed = 0xCBF29CE484222325ull;
  for (const unsigned char byte : name) seed = (seed ^ byte) * 0x100000001B3ull;
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    uint64_t x = seed + 0x9E3779B97F4A7C15ull * (i + 1);
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    x ^= x >> 31;
    values[i] = float(x >> 40) * 0x1p-23f - 1.0f;
  }
  return values;
}
Matrix grid(const std::string& name, int64_t rows, int64_t cols, float scale) {
  Matrix m(rows, cols);
  m.values = uniform(name, size_t(rows * cols));
  for (float& v : m.values) v = std::floor(v * (256 * scale)) / 256;
  return m;
}

struct Recorded {
  explicit Recorded(const Kind& kind) {
    std::ifstream file(std::string(HADAL_TEST_DATA) + "/router/" + kind.name + ".txt");
    REQUIRE(file);
    hashes.resize(size_t(kManyRows / 100));
    for (std::string& hash : hashes) file >> hash;
    size_t count = 0;
    file >> count;
    for (int64_t row; count > 0 && file >> row; --count) left_out.insert(row);
    for (float weight; file >> weight;) weights.push_back(weight);
    REQUIRE(weights.size() == size_t(20 * kind.how.num_experts_per_tok));
  }
  std::vector<std::string> hashes;
  std::set<int64_t> left_out;
  std::vector<float> weights;
};

// (expert, weight) by expert.
std::vector<std::pair<int, float>> by_expert(const Matrix& y, int64_t row, int64_t k) {
  std::vector<std::pair<int, float>> all;
  for (int64_t i = 0; i < k; ++i) all.emplace_back(int(y.at(row, i)), y.at(row, k + i));
  std::sort(all.begin(), all.end());
  return all;
}

std::string hash_of(const Matrix& y, int64_t first, int64_t k, const std::set<int64_t>& left_out) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (int64_t row = first; row < first + 100; ++row) {
    if (left_out.count(row)) continue;
    for (const auto& [expert, weight] : by_expert(y, row, k))
      for (const int byte : {expert & 0xFF, expert >> 8}) hash = (hash ^ uint64_t(byte)) * 0x100000001B3ull;
  }
  char text[17] = {};
  for (int i = 0; i < 16; ++i) text[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
  return text;
}

TEST_CASE("routing chooses what transformers' routers choose, on 10,000 rows of each kind") {
  const auto others = backends_under_test();
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    const std::string base = std::string("router.") + kind.name;
    const int64_t k = kind.how.num_experts_per_tok;
    const Matrix x = grid(base + ".x", kManyRows, kHidden, 1);
    const Floats gate(grid(base + ".gate", kind.experts, kHidden, 0.25f));
    Matrix biases(1, kind.experts);
    biases.values = uniform(base + ".bias", size_t(kind.experts));
    for (float& v : biases.values) v *= 0.25f;
    const Floats bias(biases);
    const Recorded recorded(kind);
    Matrix first;
    for (Backend* backend : all_backends(others)) {
      CAPTURE(label(*backend));
      const Matrix y = run_route(*backend, x, gate.weight, kind.bias ? &bias.weight : nullptr, kind.how);
      int64_t wrong = 0;
      for (int64_t row = 0; row < kManyRows; row += 100)
        wrong += hash_of(y, row, k, recorded.left_out) != recorded.hashes[size_t(row / 100)];
      CHECK(wrong == 0);
      for (int64_t row = 0; row < 20; ++row) {
        const auto chosen = by_expert(y, row, k);
        for (int64_t i = 0; i < k; ++i) {
          const float expected = recorded.weights[size_t(row * k + i)];
          // A softmax and a sum of f32 terms: some roundings.
          CHECK(std::fabs(chosen[size_t(i)].second - expected) <= 16 * 0x1p-24f * expected);
        }
      }
      // The logits are exact here: nothing may differ from the reference, left out or not.
      if (first.rows == 0) first = y;
      CHECK(same_bits(first, y));
    }
  }
}

// The smallest difference between scores, in double, that decides something in a row; the scores' own error below it
// may decide otherwise.
double margin(const Matrix& x, int64_t row, const OwnedWeight& gate, const std::vector<float>& bias,
              const RouteAttributes& how, double& error) {
  const int64_t experts = gate.weight.rows, size = experts / how.n_group, k = how.num_experts_per_tok;
  std::vector<double> logit(static_cast<size_t>(experts)), choice;
  error = 0;
  double total = 0;
  for (int64_t e = 0; e < experts; ++e) {
    double terms = 0;
    for (int64_t i = 0; i < x.cols; ++i) {
      const double term = x.at(row, i) * gate.decoded[size_t(e * x.cols + i)];
      logit[size_t(e)] += term;
      terms += std::fabs(term);
    }
    // A logit in f32: at most 128 roundings of a partial sum, then one. No score changes faster than its logit.
    error = std::max(error, 129 * 0x1p-24 * terms + 2 * 0x1p-24);
    total += std::exp(logit[size_t(e)]);
  }
  for (int64_t e = 0; e < experts; ++e) {
    const double g = logit[size_t(e)];
    choice.push_back((how.score == Score::sigmoid ? 1 / (1 + std::exp(-g)) : std::exp(g) / total) +
                     (bias.empty() ? 0.0 : double(bias[size_t(e)])));
  }
  double smallest = 1e9;
  std::vector<std::pair<double, int64_t>> groups;
  for (int64_t g = 0; g < how.n_group; ++g) {
    std::vector<double> members(choice.begin() + g * size, choice.begin() + (g + 1) * size);
    std::sort(members.rbegin(), members.rend());
    groups.emplace_back(how.group_by_two ? members[0] + members[1] : members[0], g);
  }
  std::sort(groups.rbegin(), groups.rend());
  if (how.topk_group < how.n_group)
    smallest = groups[size_t(how.topk_group - 1)].first - groups[size_t(how.topk_group)].first;
  std::vector<double> left;
  for (int64_t i = 0; i < how.topk_group; ++i) {
    const auto from = choice.begin() + groups[size_t(i)].second * size;
    left.insert(left.end(), from, from + size);
  }
  std::sort(left.rbegin(), left.rend());
  for (int64_t i = 0; i < k; ++i) smallest = std::min(smallest, left[size_t(i)] - left[size_t(i + 1)]);
  return smallest / (how.group_by_two ? 2 : 1);   // a group's score has twice the error
}

TEST_CASE("every backend chooses as the reference does wherever rounding does not decide") {
  const auto others = backends_under_test();
  for (const Kind& kind : kKinds) {
    for (const Dtype dtype : {Dtype::f32, Dtype::bf16}) {
      CAPTURE(kind.name);
      CAPTURE(std::string(name(dtype)));
      const OwnedWeight gate = random_weight(dtype, kind.experts, kHidden, 3);
      const std::vector<float> drawn = uniform("bias", size_t(kind.experts));
      const Floats bias(row_of(drawn));
      const int64_t rows = dtype == Dtype::f32 ? kManyRows : 500;
      const Matrix x = gaussian(rows, kHidden, 4);
      const Weight* bias_weight = kind.bias ? &bias.weight : nullptr;
      const Matrix expected = run_route(reference(), x, gate.weight, bias_weight, kind.how);
      for (const auto& backend : others) {
        CAPTURE(label(*backend));
        const Matrix y = run_route(*backend, x, gate.weight, bias_weight, kind.how);
        const int64_t k = kind.how.num_experts_per_tok;
        int64_t undecided = 0, wrong = 0;
        for (int64_t row = 0; row < rows; ++row) {
          if (std::memcmp(&y.values[size_t(row * 2 * k)], &expected.values[size_t(row * 2 * k)], size_t(k) * 4) == 0) {
            for (int64_t i = k; i < 2 * k; ++i)
              wrong += std::fabs(y.at(row, i) - expected.at(row, i)) > 1e-4f * expected.at(row, i);
            continue;
          }
          double error = 0;
          const double decides = margin(x, row, gate, kind.bias ? drawn : std::vector<float>{}, kind.how, error);
          (decides <= 2 * error ? undecided : wrong) += 1;
        }
        CHECK(wrong == 0);
        CHECK(undecided <= rows / 500);
        if (undecided > 0) MESSAGE(kind.name, ", ", label(*backend), ": rounding decided in ", undecided, " of ", rows);
      }
    }
  }
}

TEST_CASE("a row's routing is the same bits alone and in a batch") {
  const Kind& kind = kKinds[2];
  const OwnedWeight gate = random_weight(Dtype::bf16, kind.experts, 300, 5);   // 300: no whole pieces
  const Matrix x = with_outliers(29, 300, 6);
  const auto others = backends_under_test();
  Matrix scalar;
  for (const auto& backend : others) {
    CAPTURE(label(*backend));
    const Matrix together = run_route(*backend, x, gate.weight, nullptr, kind.how);
    for (int64_t row = 0; row < x.rows; ++row)
      CHECK(same_bits(run_route(*backend, x.row(row), gate.weight, nullptr, kind.how), together.row(row)));
    if (scalar.rows == 0) scalar = together;
    CHECK(same_bits(scalar, together));   // and at every level
  }
}

TEST_CASE("a row of NaN names experts that exist") {
  const Kind& kind = kKinds[2];
  const OwnedWeight gate = random_weight(Dtype::f32, kind.experts, 64, 7);
  Matrix x = gaussian(3, 64, 8);
  const Matrix good = x;
  x.at(1, 5) = NAN;
  const auto others = backends_under_test();
  for (Backend* backend : all_backends(others)) {
    CAPTURE(label(*backend));
    const Matrix y = run_route(*backend, x, gate.weight, nullptr, kind.how);
    for (int64_t i = 0; i < 8; ++i) CHECK((y.at(1, i) >= 0 && y.at(1, i) < 256));
    const Matrix expected = run_route(*backend, good, gate.weight, nullptr, kind.how);
    for (const int64_t row : {0, 2}) CHECK(same_bits(y.row(row), expected.row(row)));
  }
}

TEST_CASE("routing no rows does nothing") {
  const OwnedWeight gate = random_weight(Dtype::f32, 64, 64, 9);
  const auto others = backends_under_test();
  for (Backend* backend : all_backends(others))
    CHECK(run_route(*backend, Matrix(0, 64), gate.weight, nullptr, kKinds[0].how).values.empty());
}

}  // namespace
}  // namespace hadal::test
