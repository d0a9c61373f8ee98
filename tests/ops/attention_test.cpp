// append and attention, together: only a backend knows how its cache pages are arranged.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

struct Part {
  int64_t position, tokens;   // tokens of this run, behind `position` earlier ones
};

struct Case {
  int64_t heads, kv_heads, key_dim, value_dim;
  std::vector<Part> sequences;
};

// First, last and middle places of pages of 64; one token and many; several sequences in one run.
const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {1, 1, 1, 1, {{0, 1}}},
      {2, 1, 7, 5, {{0, 9}, {60, 10}}},
      {6, 3, 64, 64, {{0, 65}, {63, 1}, {64, 1}, {130, 3}}},
      {4, 4, 33, 48, {{200, 1}}},
      {9, 3, 64, 64, {{513, 2}, {0, 1}}},
      {2, 1, 128, 96, {{126, 5}, {5, 64}}},
      {3, 1, 256, 16, {{17, 17}}},
  };
  return list;
}

// A sequence's rows for positions 0 .. position + tokens - 1; queries are read for the last `tokens`.
struct Operands {
  std::vector<Matrix> q, k, v;
  explicit Operands(const Case& c) {
    for (size_t s = 0; s < c.sequences.size(); ++s) {
      const int64_t length = c.sequences[s].position + c.sequences[s].tokens;
      const uint32_t seed = 51 + 10 * uint32_t(s);
      q.push_back(gaussian(length, c.heads * c.key_dim, seed));
      k.push_back(gaussian(length, c.kv_heads * c.key_dim, seed + 1));
      v.push_back(gaussian(length, c.kv_heads * c.value_dim, seed + 2));
    }
  }
};

BackendOptions with_cache(Dtype type) {
  BackendOptions options;
  options.cache_type = type;
  return options;
}

float scale_of(const Case& c) { return 1 / std::sqrt(float(c.key_dim)); }

// The rows of each sequence's range, one below the other.
Matrix gather(const std::vector<Matrix>& parts, const std::vector<Part>& ranges) {
  Matrix out(0, parts[0].cols);
  for (size_t s = 0; s < parts.size(); ++s) {
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

void append(Backend& backend, const Operands& o, const std::vector<Part>& ranges, Cache& cache) {
  const Node node{Op::append, "test", {Value{0}, Value{1}}, {Value{2}}, {}, AttentionAttributes{cache.slot(), 0, 0}};
  const Matrix inputs[2] = {gather(o.k, ranges), gather(o.v, ranges)};
  run_one(backend, node, inputs, {0, 0}, batch_of(ranges, cache), cache.layout());
}

// Earlier tokens are appended in one run, those of this run in the next, as in use.
Matrix run(Backend& backend, const Case& c, const Operands& o) {
  std::vector<Part> earlier, now = c.sequences;
  int64_t longest = 0;
  for (const Part& part : now) {
    earlier.push_back({0, part.position});
    longest = std::max(longest, part.position + part.tokens);
  }
  Cache cache(backend, {0, c.kv_heads, c.key_dim, c.value_dim}, int64_t(now.size()), longest);
  if (std::any_of(now.begin(), now.end(), [](const Part& p) { return p.position > 0; }))
    append(backend, o, earlier, cache);
  append(backend, o, now, cache);

  const Node node{Op::attention, "test", {Value{0}, Value{1}}, {Value{2}}, {},
                  AttentionAttributes{cache.slot(), c.heads, scale_of(c)}};
  const Matrix inputs[2] = {gather(o.q, now), Matrix(0, 0)};
  const Matrix y = run_one(backend, node, inputs, {inputs[0].rows, c.heads * c.value_dim}, batch_of(now, cache),
                           cache.layout());
  CHECK(cache.intact());
  return y;
}

Matrix formula(const Case& c, const Operands& o) {
  Matrix out(0, c.heads * c.value_dim);
  for (size_t s = 0; s < c.sequences.size(); ++s) {
    for (int64_t p = c.sequences[s].position; p < c.sequences[s].position + c.sequences[s].tokens; ++p) {
      for (int64_t h = 0; h < c.heads; ++h) {
        const int64_t kv = h * c.kv_heads / c.heads;
        std::vector<double> weights;
        double total = 0;
        for (int64_t past = 0; past <= p; ++past) {
          double dot = 0;
          for (int64_t i = 0; i < c.key_dim; ++i)
            dot += double(o.q[s].at(p, h * c.key_dim + i)) * o.k[s].at(past, kv * c.key_dim + i);
          weights.push_back(std::exp(dot * scale_of(c)));
          total += weights.back();
        }
        for (int64_t i = 0; i < c.value_dim; ++i) {
          double sum = 0;
          for (int64_t past = 0; past <= p; ++past)
            sum += weights[size_t(past)] * o.v[s].at(past, kv * c.value_dim + i);
          out.values.push_back(float(sum / total));
        }
      }
      ++out.rows;
    }
  }
  return out;
}

TEST_CASE("the reference's attention is its formula") {
  for (const Case& c : cases()) {
    CAPTURE(c.heads);
    CAPTURE(c.key_dim);
    const Operands o(c);
    CHECK(nmse(run(reference(), c, o), formula(c, o)) <= kOneRounding);
  }
}

TEST_CASE("attention agrees with the reference in every cache format") {
  for (const Dtype cache_type : {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::q8_0}) {
    for (const auto& backend : backends_under_test(with_cache(cache_type))) {
      CAPTURE(label(*backend));
      CAPTURE(std::string(name(cache_type)));
      for (const Case& c : cases()) {
        CAPTURE(c.heads);
        CAPTURE(c.key_dim);
        const Operands o(c);
        int64_t longest = 0;
        for (const Part& part : c.sequences) longest = std::max(longest, part.position + part.tokens);
        // Noise of the values, and of the scores, whose deviation is 1: each moves the output by about itself.
        CHECK(nmse(run(*backend, c, o), run(reference(), c, o)) <=
              2 * cache_noise(cache_type) + f32_sum(c.key_dim + longest));
      }
    }
  }
}

TEST_CASE("attention in pieces is attention in one") {
  for (const Dtype cache_type : {Dtype::f16, Dtype::q8_0}) {
    std::vector<std::unique_ptr<Backend>> backends = backends_under_test(with_cache(cache_type));
    std::vector<Backend*> all = {&reference()};
    for (const auto& backend : backends) all.push_back(backend.get());
    for (Backend* backend : all) {
      CAPTURE(label(*backend));
      const Case whole{4, 2, 64, 64, {{0, 140}}};
      const Operands o(whole);
      const Matrix expected = run(*backend, whole, o);
      for (const int64_t first : {1, 63, 64, 65, 139}) {
        const Matrix rest = run(*backend, {4, 2, 64, 64, {{first, 140 - first}}}, o);
        for (const int64_t t : {int64_t{0}, rest.rows - 1})
          CHECK(same_bits(rest.row(t), expected.row(first + t)));
      }
    }
  }
}

TEST_CASE("attention bears scores that would overflow an exponential") {
  Case c{1, 1, 64, 8, {{0, 70}}};
  Operands o(c);
  for (float& v : o.q[0].values) v *= 100;
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test(with_cache(Dtype::f32));
  std::vector<Backend*> all = {&reference()};
  for (const auto& backend : backends) all.push_back(backend.get());
  for (Backend* backend : all) {
    CAPTURE(label(*backend));
    const Matrix y = run(*backend, c, o);
    // A token's own position is its only one at first: the value comes back.
    CHECK(nmse(y.row(0), o.v[0].row(0)) <= kOneRounding);
    for (const float v : y.values) CHECK(std::isfinite(v));
  }
}

}  // namespace
}  // namespace hadal::test
