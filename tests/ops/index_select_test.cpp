// append of the indexer's keys, and index_select.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/half.hpp"
#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"

namespace hadal::test {
namespace {

struct Part {
  int64_t position, tokens;
};

struct Case {
  int64_t heads, key_dim, top_k;
  std::vector<Part> sequences;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {1, 1, 1, {{0, 1}}},
      {2, 5, 3, {{0, 9}, {60, 10}}},
      {7, 24, 64, {{63, 1}, {64, 2}, {0, 70}}},
      {64, 128, 100, {{90, 12}, {400, 1}}},
      {5, 40, 50, {{1000, 1}, {1023, 2}, {30, 1}}},
      {3, 16, 300, {{900, 3}}},
  };
  return list;
}

struct Operands {
  std::vector<Matrix> q, w, k;
  explicit Operands(const Case& c) {
    for (size_t s = 0; s < c.sequences.size(); ++s) {
      const int64_t length = c.sequences[s].position + c.sequences[s].tokens;
      const uint32_t seed = 31 + 10 * uint32_t(s);
      q.push_back(gaussian(length, c.heads * c.key_dim, seed));
      w.push_back(gaussian(length, c.heads, seed + 1));
      k.push_back(gaussian(length, c.key_dim, seed + 2));
      // What every cache format holds exactly, so that all see the same keys: multiples of 1/16 up to 127/16.
      for (float& v : k.back().values) v = std::clamp(std::nearbyintf(v * 16), -126.0f, 126.0f) / 16;
      for (int64_t r = 0; r < length; ++r)
        for (int64_t i = 0; i < c.key_dim; i += 32) k.back().at(r, i) = 127.0f / 16;
    }
  }
};

Matrix gather(const std::vector<Matrix>& parts, const std::vector<Part>& ranges) {
  Matrix out(0, parts[0].cols);
  for (size_t s = 0; s < ranges.size(); ++s) {
    const auto begin = parts[s].values.begin() + ranges[s].position * out.cols;
    out.values.insert(out.values.end(), begin, begin + ranges[s].tokens * out.cols);
    out.rows += ranges[s].tokens;
  }
  return out;
}

TestBatch batch_of(const std::vector<Part>& ranges, const Cache& cache) {
  TestBatch batch;
  for (size_t s = 0; s < ranges.size(); ++s) {
    if (ranges[s].tokens == 0) continue;
    batch.sequences.push_back(
        {int64_t(batch.positions.size()), ranges[s].tokens, ranges[s].position, cache.pages(int64_t(s))});
    for (int64_t t = 0; t < ranges[s].tokens; ++t) {
      batch.positions.push_back(int32_t(ranges[s].position + t));
      batch.tokens.push_back(0);
    }
  }
  return batch;
}

Matrix run(Backend& backend, const Case& c, const Operands& o) {
  std::vector<Part> all;
  int64_t longest = 0;
  for (const Part& part : c.sequences) {
    all.push_back({0, part.position + part.tokens});
    longest = std::max(longest, part.position + part.tokens);
  }
  Cache cache(backend, {0, 1, c.key_dim, 0, true}, int64_t(all.size()), longest);
  const Node append{Op::append, "test", {Value{0}}, {Value{1}}, {}, AttentionAttributes{cache.slot(), 0, 0}};
  run_one(backend, append, {{gather(o.k, all)}}, {0, 0}, batch_of(all, cache), cache.layout());
  const Node node{Op::index_select, "test", {Value{0}, Value{1}, Value{2}}, {Value{3}}, {},
                  IndexAttributes{cache.slot(), c.heads, c.top_k, 0.25f}};
  const Matrix inputs[3] = {gather(o.q, c.sequences), gather(o.w, c.sequences), Matrix(0, 0)};
  const Matrix y =
      run_one(backend, node, inputs, {inputs[0].rows, c.top_k}, batch_of(c.sequences, cache), cache.layout());
  CHECK(cache.intact());
  return y;
}

// The scores of a token in double, and what f32 sums may be off by: each of key_dim + heads + 2 roundings at most 2^-24
// of the terms' magnitudes, and q8_0's scale one rounding more for each key.
struct Scores {
  std::vector<double> values;
  double slack = 0;
};
Scores scores_of(const Case& c, const Operands& o, size_t sequence, int64_t position) {
  Scores scores;
  for (int64_t p = 0; p <= position; ++p) {
    double sum = 0, size = 0;
    for (int64_t h = 0; h < c.heads; ++h) {
      double dot = 0, magnitude = 0;
      for (int64_t i = 0; i < c.key_dim; ++i) {
        const double term = double(o.q[sequence].at(position, h * c.key_dim + i)) * o.k[sequence].at(p, i);
        dot += term;
        magnitude += std::fabs(term);
      }
      sum += o.w[sequence].at(position, h) * std::max(dot, 0.0);
      size += std::fabs(o.w[sequence].at(position, h)) * magnitude;
    }
    scores.values.push_back(sum * 0.25);
    scores.slack = std::max(scores.slack, double(c.key_dim + c.heads + 6) * 0x1p-24 * size * 0.25);
  }
  return scores;
}

// How many of a token's choices are not what the formula allows: ascending, within its positions, and every chosen
// score above every other one, as far as rounding can tell.
int64_t wrong(const Case& c, const Operands& o, size_t sequence, int64_t position, const Matrix& y, int64_t row) {
  const Scores scores = scores_of(c, o, sequence, position);
  const int64_t expected = std::min(c.top_k, position + 1);
  std::set<int64_t> chosen;
  int64_t count = 0, previous = -1;
  for (int64_t i = 0; i < c.top_k; ++i) {
    const int64_t p = int64_t(y.at(row, i));
    if (i >= expected) {
      count += p != -1;
      continue;
    }
    if (p <= previous || p > position) return c.top_k;
    previous = p;
    chosen.insert(p);
  }
  double lowest = INFINITY, highest = -INFINITY;
  for (int64_t p = 0; p <= position; ++p) {
    double& limit = chosen.count(p) ? lowest : highest;
    limit = chosen.count(p) ? std::min(limit, scores.values[size_t(p)]) : std::max(limit, scores.values[size_t(p)]);
  }
  return count + (highest > lowest + 2 * scores.slack);
}

TEST_CASE("index_select chooses the positions with the largest scores, on every backend and in every cache format") {
  for (const Dtype cache_type : {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::q8_0}) {
    BackendOptions options;
    options.cache_type = cache_type;
    std::vector<Backend*> all = {&reference()};
    const auto backends = backends_under_test(options);
    for (const auto& backend : backends) all.push_back(backend.get());
    for (Backend* backend : all) {
      CAPTURE(label(*backend));
      CAPTURE(std::string(name(cache_type)));
      for (const Case& c : cases()) {
        CAPTURE(c.heads);
        CAPTURE(c.top_k);
        const Operands o(c);
        const Matrix y = run(*backend, c, o);
        int64_t row = 0, off = 0;
        for (size_t s = 0; s < c.sequences.size(); ++s)
          for (int64_t t = 0; t < c.sequences[s].tokens; ++t)
            off += wrong(c, o, s, c.sequences[s].position + t, y, row++);
        CHECK(off == 0);
      }
    }
  }
}

// Keys of small integers under queries and weights of ones: every sum is exact, and most scores are shared by many.
TEST_CASE("of equal scores the lower positions are chosen, on every backend alike") {
  for (const Case& base : cases()) {
    Operands o(base);
    for (size_t s = 0; s < o.q.size(); ++s) {
      std::fill(o.q[s].values.begin(), o.q[s].values.end(), 1.0f);
      std::fill(o.w[s].values.begin(), o.w[s].values.end(), 1.0f);
      for (int64_t r = 0; r < o.k[s].rows; ++r)
        for (int64_t i = 0; i < base.key_dim; ++i) o.k[s].at(r, i) = i == 0 ? float(r * 7 % 5) - 1 : 0.0f;
    }
    const Matrix expected = run(reference(), base, o);
    for (const auto& backend : backends_under_test()) {
      CAPTURE(label(*backend));
      CAPTURE(base.top_k);
      CHECK(same_bits(run(*backend, base, o), expected));
    }
  }
}

TEST_CASE("a token's choice does not depend on the tokens beside it") {
  const Case whole{4, 32, 40, {{380, 20}}};
  const Operands o(whole);
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    const Matrix expected = run(*backend, whole, o);
    for (const int64_t first : {385, 393, 399}) {
      Case rest = whole;
      rest.sequences = {{first, 400 - first}};
      const Matrix y = run(*backend, rest, o);
      for (int64_t t = 0; t < y.rows; ++t) CHECK(same_bits(y.row(t), expected.row(first - 380 + t)));
    }
  }
}

TEST_CASE("scores that are not numbers come last and break nothing") {
  const Case c{2, 8, 20, {{300, 1}}};
  Operands o(c);
  std::fill(o.q[0].values.begin(), o.q[0].values.end(), 1.0f);
  for (int64_t t = 0; t <= 300; ++t) {
    o.w[0].at(t, 0) = 1;
    o.w[0].at(t, 1) = -1;   // infinity less infinity
  }
  for (int64_t p = 0; p < 270; ++p) o.k[0].at(p, 3) = INFINITY;
  for (const auto& backend : backends_under_test()) {
    const Matrix y = run(*backend, c, o);
    for (int64_t i = 0; i < 20; ++i) CHECK(y.at(0, i) >= (i == 0 ? 270 : y.at(0, i - 1) + 1));
  }
}

}  // namespace
}  // namespace hadal::test
