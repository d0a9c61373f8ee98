// experts: the reference against its formula in double, every backend against the reference; and the same bits however
// the tokens are batched, the tasks spread and the experts kept.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <random>

#include "core/thread_pool.hpp"
#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

// What experts are told to forget, so that it is seen to be done.
class CountingSource final : public WeightSource {
 public:
  void forget(const std::byte*, size_t bytes) const override { forgotten += bytes; }
  mutable std::atomic<size_t> forgotten = 0;
};

struct Stack {
  // At most 8 different ones, 3 of a big layer, to keep tests short.
  Stack(Dtype dtype, int64_t matrices, int64_t rows, int64_t cols, uint32_t seed) {
    for (int64_t i = 0; i < std::min<int64_t>(matrices, rows * cols > 1 << 20 ? 3 : 8); ++i)
      owned.push_back(random_weight(dtype, rows, cols, seed + uint32_t(i)));
    weight = owned[0].weight;
    weight.data = nullptr;
    weight.scale_inv = nullptr;
    weight.source = &source;
    for (int64_t i = 0; i < matrices; ++i)
      weight.parts.push_back({part(i).weight.data, part(i).weight.scale_inv, part(i).weight.scale_row});
  }
  const OwnedWeight& part(int64_t i) const { return owned[size_t(i) % owned.size()]; }
  std::vector<OwnedWeight> owned;
  CountingSource source;
  Weight weight;
};

struct Types {
  Dtype gate, up, down;
};

struct Experts {
  Experts(int64_t experts, int64_t k, int64_t hidden, int64_t ff, Types types)
      : gate(types.gate, experts, ff, hidden, 100),
        up(types.up, experts, ff, hidden, 200),
        down(types.down, experts, hidden, ff, 300),
        node{Op::experts, "test", {Value{0}, Value{1}}, {Value{2}},
             {&gate.weight, &up.weight, &down.weight}, ExpertsAttributes{k}} {}
  int64_t num_experts() const { return int64_t(gate.weight.parts.size()); }
  int64_t per_token() const { return node.as<ExpertsAttributes>().num_experts_per_tok; }
  int64_t hidden() const { return gate.weight.cols; }
  size_t forgotten() const { return gate.source.forgotten + up.source.forgotten + down.source.forgotten; }

  Stack gate, up, down;
  Node node;
};

// Random choices of different experts; weights that sum to about 1.
Matrix random_routing(const Experts& e, int64_t tokens, uint32_t seed) {
  std::mt19937 random(seed);
  const int64_t k = e.per_token();
  Matrix m(tokens, 2 * k);
  std::vector<int> all(size_t(e.num_experts()));
  for (size_t i = 0; i < all.size(); ++i) all[i] = int(i);
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < k; ++i) {
      std::swap(all[size_t(i)], all[size_t(i) + random() % (all.size() - size_t(i))]);
      m.at(t, i) = float(all[size_t(i)]);
      m.at(t, k + i) = float(1 + random() % 100) / (50 * float(k));
    }
  }
  return m;
}

struct Input {
  Input(const Experts& e, int64_t tokens, uint32_t seed)
      : values{with_outliers(tokens, e.hidden(), seed), random_routing(e, tokens, seed + 1)} {}
  int64_t tokens() const { return values[0].rows; }
  // Rows [first, first + count).
  Input part(int64_t first, int64_t count) const {
    Input out = *this;
    for (Matrix& m : out.values) {
      m.values.erase(m.values.begin() + (first + count) * m.cols, m.values.end());
      m.values.erase(m.values.begin(), m.values.begin() + first * m.cols);
      m.rows = count;
    }
    return out;
  }
  std::array<Matrix, 2> values;
};

Matrix run(const ReadyNode& node, const Experts& e, const Input& in) {
  const OutputShape shape{in.tokens(), e.hidden()};
  return node.run(in.values, {&shape, 1}, plain_batch(in.tokens())).front();
}

Matrix in_double(const Experts& e, const Input& in) {
  const int64_t k = e.per_token(), hidden = e.hidden(), ff = e.gate.weight.rows;
  Matrix y(in.tokens(), hidden);
  for (int64_t t = 0; t < in.tokens(); ++t) {
    std::vector<double> sums(static_cast<size_t>(hidden));
    for (int64_t i = 0; i < k; ++i) {
      const int64_t expert = int64_t(in.values[1].at(t, i));
      const auto dot = [&](const Stack& stack, int64_t row, const auto& x) {
        double sum = 0;
        const int64_t cols = stack.weight.cols;
        for (int64_t c = 0; c < cols; ++c) sum += stack.part(expert).decoded[size_t(row * cols + c)] * double(x(c));
        return sum;
      };
      const auto x = [&](int64_t c) { return in.values[0].at(t, c); };
      std::vector<double> activation;
      for (int64_t f = 0; f < ff; ++f) {
        const double g = dot(e.gate, f, x);
        activation.push_back(g / (1 + std::exp(-g)) * dot(e.up, f, x));
      }
      for (int64_t o = 0; o < hidden; ++o)
        sums[size_t(o)] += in.values[1].at(t, k + i) * dot(e.down, o, [&](int64_t c) { return activation[size_t(c)]; });
    }
    for (int64_t o = 0; o < hidden; ++o) y.at(t, o) = float(sums[size_t(o)]);
  }
  return y;
}

TEST_CASE("the reference's experts are their formula") {
  const Experts e(5, 2, 64, 96, {Dtype::q8_0, Dtype::f32, Dtype::q5_0});
  const Input in(e, 7, 1);
  // Gate, up and activation are each rounded to f32 once, and the sum.
  CHECK(nmse(run(ReadyNode(reference(), e.node), e, in), in_double(e, in)) <= 4 * f32_sum(0));
}

struct Case {
  int64_t experts, k, hidden, ff, tokens;
  Types types;
};

// Small ones around every remainder, then the shape of V2-Lite's layers in the mixes of its files.
const Case kCases[] = {
    {4, 2, 32, 32, 1, {Dtype::q8_0, Dtype::q8_0, Dtype::q8_0}},
    {8, 3, 64, 40, 5, {Dtype::f32, Dtype::f16, Dtype::bf16}},
    {8, 2, 256, 96, 3, {Dtype::q4_k, Dtype::q4_k, Dtype::q5_0}},
    {16, 4, 256, 256, 33, {Dtype::q4_k, Dtype::q6_k, Dtype::q6_k}},
    {6, 6, 96, 64, 70, {Dtype::q4_0, Dtype::q5_1, Dtype::q4_1}},
    {8, 2, 256, 256, 9, {Dtype::q2_k, Dtype::q3_k, Dtype::iq4_xs}},
    {8, 2, 256, 32, 20, {Dtype::q5_k, Dtype::bf16, Dtype::iq4_nl}},
    {8, 2, 160, 160, 11, {Dtype::f8_e4m3, Dtype::f8_e4m3, Dtype::f8_e4m3}},
    {8, 2, 256, 96, 11, {Dtype::q4_k, Dtype::f32, Dtype::f16}},
    {3, 2, 1408, 32, 160, {Dtype::q8_0, Dtype::q5_0, Dtype::q8_0}},   // more tokens of one expert than a block holds
};

std::vector<std::unique_ptr<Backend>> backends_with(bool exact, bool panels) {
  BackendOptions options;
  options.exact = exact;
  options.panels = panels;
  return backends_under_test(options);
}

// A block of 32 with steps of its largest value / 127 is wrong by a variance of step^2 / 12 each, which is at most
// 32 / 12 / 127^2 of the block's own power whatever its values; exact: 254^2 less. Of an error share d^2 in x, gate and
// up each take d^2; silu passes on at most 1.1 of an error and keeps at least 0.7 of the power of a gate that is not
// small (of a small one it halves both), so the activation takes 1 + 2.4 times d^2, and d^2 once more when rounded.
double allowed(bool exact) { return 5 * 32 / 12.0 / (127 * 127) / (exact ? 254 * 254 : 1) + 64 * f32_sum(256); }

// The node's definition in plain nodes of the same backend, one token at a time.
Matrix in_plain_nodes(Backend& backend, const Experts& e, const Input& in) {
  const int64_t k = e.per_token();
  const auto linear = [&](const Stack& stack, int64_t expert, const Matrix& x) {
    const Node node{Op::linear, "test", {Value{0}}, {Value{1}}, {&stack.part(expert).weight, nullptr}, {}};
    return run_one(backend, node, {&x, 1}, {1, stack.weight.rows}, plain_batch(1));
  };
  Matrix y(in.tokens(), e.hidden());
  for (int64_t t = 0; t < in.tokens(); ++t) {
    const Matrix x = in.values[0].row(t);
    for (int64_t i = 0; i < k; ++i) {
      const int64_t expert = int64_t(in.values[1].at(t, i));
      const std::array<Matrix, 2> gate_up{linear(e.gate, expert, x), linear(e.up, expert, x)};
      const Node swiglu{Op::swiglu, "test", {Value{0}, Value{1}}, {Value{2}}, {}, {}};
      const Matrix activation = run_one(backend, swiglu, gate_up, {1, e.gate.weight.rows}, plain_batch(1));
      const Matrix down = linear(e.down, expert, activation);
      for (int64_t o = 0; o < e.hidden(); ++o) y.at(t, o) += in.values[1].at(t, k + i) * down.at(0, o);
    }
  }
  return y;
}

TEST_CASE("experts are linear and swiglu nodes of the same backend, to the bit") {
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    for (const Case& c : kCases) {
      CAPTURE(c.hidden);
      CAPTURE(c.tokens);
      CAPTURE(std::string(name(c.types.gate)));
      const Experts e(c.experts, c.k, c.hidden, c.ff, c.types);
      const Input in(e, c.tokens, 2);
      CHECK(same_bits(run(ReadyNode(*backend, e.node), e, in), in_plain_nodes(*backend, e, in)));
    }
  }
}

TEST_CASE("experts agree with the reference within the rounding of activations") {
  for (const bool exact : {false, true}) {
    const auto backends = backends_with(exact, true);
    for (const Case& c : kCases) {
      const Experts e(c.experts, c.k, c.hidden, c.ff, c.types);
      const Input in(e, c.tokens, 2);
      const Matrix expected = run(ReadyNode(reference(), e.node), e, in);
      for (const auto& backend : backends) {
        CAPTURE(label(*backend));
        CAPTURE(exact);
        CAPTURE(c.hidden);
        CAPTURE(c.tokens);
        CAPTURE(std::string(name(c.types.gate)));
        CHECK(nmse(run(ReadyNode(*backend, e.node), e, in), expected) <= allowed(exact));
      }
    }
  }
}

TEST_CASE("experts of V2-Lite's shape agree with the reference") {
  const Experts e(64, 6, 2048, 1408, {Dtype::q4_k, Dtype::q4_k, Dtype::q5_0});
  const Input in(e, 2, 3);
  const Matrix expected = run(ReadyNode(reference(), e.node), e, in);
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    CHECK(nmse(run(ReadyNode(*backend, e.node), e, in), expected) <= allowed(false));
  }
}

TEST_CASE("a token's experts give the same bits alone, in a batch and in chunks") {
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    for (const Case& c : kCases) {
      const Experts e(c.experts, c.k, c.hidden, c.ff, c.types);
      const Input in(e, 61, 4);
      const ReadyNode node(*backend, e.node);
      const Matrix whole = run(node, e, in);
      for (const int64_t chunk : {1, 2, 7, 30}) {
        CAPTURE(chunk);
        bool same = true;
        for (int64_t t = 0; t < in.tokens(); t += chunk) {
          const Matrix y = run(node, e, in.part(t, std::min(chunk, in.tokens() - t)));
          same = same && std::memcmp(y.values.data(), &whole.values[size_t(t * whole.cols)], y.values.size() * 4) == 0;
        }
        CHECK(same);
      }
    }
  }
}

TEST_CASE("experts that do not all have a slot, or none, give the same bits, whatever was used before") {
  for (const bool panels : {true, false}) {
    const auto backends = backends_with(false, panels), packed = backends_with(false, true);
    for (size_t b = 0; b < backends.size(); ++b) {
      CAPTURE(label(*backends[b]));
      CAPTURE(panels);
      for (const size_t which : {1, 2, 7}) {
        const Case& c = kCases[which];
        const Experts e(c.experts, c.k, c.hidden, c.ff, c.types);
        const ReadyNode all(*packed[b], e.node);
        for (const int64_t slots : {0, 1, 3, 100}) {
          CAPTURE(slots);
          const ReadyNode few(*backends[b], e.node, slots);
          for (uint32_t i = 0; i < 8; ++i) {
            const Input in(e, i % 4 == 3 ? 40 : int64_t(1 + i % 2), 50 + i);
            CHECK(same_bits(run(few, e, in), run(all, e, in)));
          }
        }
      }
    }
  }
}

TEST_CASE("threads that share slots give the same bits") {
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    const Experts e(16, 4, 256, 96, {Dtype::q4_k, Dtype::q8_0, Dtype::q5_0});
    const ReadyNode alone(*backend, e.node);
    for (const int threads : {2, 3}) {
      ThreadPool pool(threads);
      for (const int64_t slots : {-1, 0, 3}) {
        const ReadyNode shared(*backend, e.node, slots);
        for (uint32_t i = 0; i < 12; ++i) {
          const Input in(e, i % 3 == 2 ? 130 : 1, 90 + i);
          const OutputShape shape{in.tokens(), e.hidden()};
          const auto batch = plain_batch(in.tokens());
          CHECK(same_bits(shared.run_on(pool, in.values, {&shape, 1}, batch).front(), run(alone, e, in)));
        }
      }
    }
  }
}

TEST_CASE("what was packed from the file is forgotten, once if there is a slot for all") {
  BackendOptions mapped;
  mapped.panels = false;
  const auto backends = backends_under_test(), in_place = backends_under_test(mapped);
  const Experts e(8, 3, 256, 96, {Dtype::q4_k, Dtype::q4_k, Dtype::q5_0});
  const size_t each = e.gate.weight.part_bytes() + e.up.weight.part_bytes() + e.down.weight.part_bytes();
  const Input in(e, 1, 5);
  for (size_t b = 0; b < backends.size(); ++b) {
    CAPTURE(label(*backends[b]));
    const auto forgotten_in = [&](const ReadyNode& node) {
      const size_t before = e.forgotten();
      run(node, e, in);   // runs twice
      return e.forgotten() - before;
    };
    const ReadyNode all(*backends[b], e.node), none(*backends[b], e.node, 0);
    CHECK(forgotten_in(all) == 3 * each);
    CHECK(forgotten_in(all) == 0);
    CHECK(forgotten_in(none) == 6 * each);
    CHECK(forgotten_in(ReadyNode(*in_place[b], e.node)) == 0);      // stays mapped: there is room
    CHECK(forgotten_in(ReadyNode(*in_place[b], e.node, 0)) == 6 * each);
  }
}

TEST_CASE("a prompt that needs more experts than there are slots leaves those that have one") {
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    const Experts e(8, 8, 256, 96, {Dtype::q4_k, Dtype::q4_k, Dtype::q5_0});   // every token needs all
    const ReadyNode node(*backend, e.node, 3);
    const size_t each = e.gate.weight.part_bytes() + e.up.weight.part_bytes() + e.down.weight.part_bytes();
    run(node, e, Input(e, 3, 6));
    const size_t before = e.forgotten();
    run(node, e, Input(e, 3, 7));
    CHECK(e.forgotten() - before == 2 * 5 * each);
  }
}

TEST_CASE("a token of NaN spoils no other") {
  const Experts e(8, 2, 256, 96, {Dtype::q4_k, Dtype::q4_k, Dtype::q5_0});
  const Input good(e, 5, 8);
  Input bad = good;
  bad.values[0].at(2, 9) = NAN;
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    const ReadyNode node(*backend, e.node);
    const Matrix expected = run(node, e, good), actual = run(node, e, bad);
    for (const int64_t t : {0, 1, 3, 4}) CHECK(same_bits(expected.row(t), actual.row(t)));
    CHECK(std::isnan(actual.at(2, 0)));
  }
}

TEST_CASE("experts of no tokens do nothing") {
  const Experts e(4, 2, 64, 32, {Dtype::q8_0, Dtype::q8_0, Dtype::q8_0});
  for (const auto& backend : backends_under_test())
    CHECK(run(ReadyNode(*backend, e.node), e, Input(e, 0, 9)).values.empty());
}

}  // namespace
}  // namespace hadal::test
