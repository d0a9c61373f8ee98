// append and latent_attention, together: only a backend knows how its cache pages are arranged.
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
  int64_t heads, nope_dim, rope_dim, rank, value_dim;
  std::vector<Part> sequences;
  int64_t key_dim() const { return rank + rope_dim; }
  int64_t query_dim() const { return nope_dim + rope_dim; }
  float scale() const { return 1 / std::sqrt(float(query_dim())); }
};

// One token and many, several sequences in one run, places around the ends of pages and of ranges of positions; more
// sequences than the few whose ranges are tasks; the last two with the heads of V2-Lite and V3.
const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {1, 1, 0, 1, 1, {{0, 1}}},
      {2, 5, 4, 7, 3, {{0, 9}, {60, 10}}},
      {3, 16, 8, 20, 12, {{0, 65}, {63, 1}, {64, 1}, {130, 3}}},
      {5, 24, 16, 48, 40, {{255, 1}, {256, 2}, {300, 8}, {250, 12}}},
      {17, 8, 2, 16, 8, {{511, 3}, {0, 1}, {300, 1}, {301, 1}, {600, 1}, {77, 2}}},
      {16, 128, 64, 512, 128, {{70, 2}, {0, 20}}},
      {128, 128, 64, 512, 128, {{66, 1}}},
  };
  return list;
}

// A stack of matrices with its bytes.
struct Stack {
  std::vector<OwnedWeight> matrices;
  Weight weight;
  Stack(Dtype dtype, int64_t parts, int64_t rows, int64_t cols, uint32_t seed) {
    for (int64_t i = 0; i < parts; ++i) matrices.push_back(random_weight(dtype, rows, cols, seed + uint32_t(i)));
    weight = matrices[0].weight;
    weight.data = nullptr;
    weight.scale_inv = nullptr;
    for (const OwnedWeight& m : matrices)
      weight.parts.push_back({m.weight.data, m.weight.scale_inv, m.weight.scale_row});
  }
  double at(int64_t part, int64_t row, int64_t col) const {
    return matrices[size_t(part)].decoded[size_t(row * weight.cols + col)];
  }
};

struct Operands {
  Stack k, v;
  bool k_transposed;
  std::vector<Matrix> q, rows;   // of each sequence, for positions 0 .. position + tokens - 1
  explicit Operands(const Case& c, Dtype dtype = Dtype::f32, bool transposed = false)
      : k(dtype, c.heads, transposed ? c.rank : c.nope_dim, transposed ? c.nope_dim : c.rank, 7),
        v(dtype, c.heads, c.value_dim, c.rank, 1007),
        k_transposed(transposed) {
    for (size_t s = 0; s < c.sequences.size(); ++s) {
      const int64_t length = c.sequences[s].position + c.sequences[s].tokens;
      q.push_back(gaussian(length, c.heads * c.query_dim(), 51 + 10 * uint32_t(s)));
      rows.push_back(gaussian(length, c.key_dim(), 52 + 10 * uint32_t(s)));
    }
  }
};

BackendOptions with_cache(Dtype type) {
  BackendOptions options;
  options.cache_type = type;
  return options;
}

// The rows of each sequence's range, one below the other.
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

void append(Backend& backend, const Operands& o, const std::vector<Part>& ranges, Cache& cache) {
  const Node node{Op::append, "test", {Value{0}}, {Value{1}}, {}, AttentionAttributes{cache.slot(), 0, 0}};
  run_one(backend, node, {{gather(o.rows, ranges)}}, {0, 0}, batch_of(ranges, cache), cache.layout());
}

// Earlier tokens are appended in one run, those of this run in the next, as in use. selected: of all tokens of the run,
// or nullptr.
Matrix run(Backend& backend, const Case& c, const Operands& o, const Matrix* selected = nullptr) {
  std::vector<Part> earlier, now = c.sequences;
  int64_t longest = 0;
  for (const Part& part : now) {
    earlier.push_back({0, part.position});
    longest = std::max(longest, part.position + part.tokens);
  }
  Cache cache(backend, {0, 1, c.key_dim(), c.rank, true}, int64_t(now.size()), longest);
  if (std::any_of(now.begin(), now.end(), [](const Part& p) { return p.position > 0; }))
    append(backend, o, earlier, cache);
  append(backend, o, now, cache);

  LatentAttentionAttributes attributes{cache.slot(), c.heads, c.nope_dim, c.value_dim, o.k_transposed, c.scale()};
  Node node{Op::latent_attention, "test", {Value{0}, Value{1}}, {Value{3}}, {&o.k.weight, &o.v.weight}, attributes};
  std::vector<Matrix> inputs = {gather(o.q, now), Matrix(0, 0)};
  if (selected) {
    node.inputs.push_back(Value{2});
    inputs.push_back(*selected);
  }
  const Matrix y =
      run_one(backend, node, inputs, {inputs[0].rows, c.heads * c.value_dim}, batch_of(now, cache), cache.layout());
  CHECK(cache.intact());
  return y;
}

// Keys and values of each head expanded, the paper's own form.
Matrix formula(const Case& c, const Operands& o) {
  Matrix out(0, c.heads * c.value_dim);
  for (size_t s = 0; s < c.sequences.size(); ++s) {
    const Matrix& cache = o.rows[s];
    const auto key = [&](int64_t p, int64_t h, int64_t i) {
      if (i >= c.nope_dim) return double(cache.at(p, c.rank + i - c.nope_dim));
      double sum = 0;
      for (int64_t r = 0; r < c.rank; ++r) sum += (o.k_transposed ? o.k.at(h, r, i) : o.k.at(h, i, r)) * cache.at(p, r);
      return sum;
    };
    const auto value = [&](int64_t p, int64_t h, int64_t i) {
      double sum = 0;
      for (int64_t r = 0; r < c.rank; ++r) sum += o.v.at(h, i, r) * cache.at(p, r);
      return sum;
    };
    const int64_t end = c.sequences[s].position + c.sequences[s].tokens;
    for (int64_t p = c.sequences[s].position; p < end; ++p) {
      for (int64_t h = 0; h < c.heads; ++h) {
        std::vector<double> weights;
        double total = 0;
        for (int64_t past = 0; past <= p; ++past) {
          double dot = 0;
          for (int64_t i = 0; i < c.query_dim(); ++i)
            dot += double(o.q[s].at(p, h * c.query_dim() + i)) * key(past, h, i);
          weights.push_back(std::exp(dot * c.scale()));
          total += weights.back();
        }
        for (int64_t i = 0; i < c.value_dim; ++i) {
          double sum = 0;
          for (int64_t past = 0; past <= p; ++past) sum += weights[size_t(past)] * value(past, h, i);
          out.values.push_back(float(sum / total));
        }
      }
      ++out.rows;
    }
  }
  return out;
}

int64_t longest_of(const Case& c) {
  int64_t longest = 0;
  for (const Part& part : c.sequences) longest = std::max(longest, part.position + part.tokens);
  return longest;
}

// Noise of the cached rows moves scores (whose deviation is 1) and values by about itself each; so does the rounding
// of W_k and W_v. Sums: into the latent space, over a row's components, over positions, out of the latent space.
double bound(const Case& c, Dtype cache_type, Dtype weights = Dtype::f32) {
  const bool kept = weights == Dtype::f32 || weights == Dtype::f16 || weights == Dtype::bf16;
  const double rounding = kept ? 0 : cache_noise(Dtype::f16);
  return 2 * cache_noise(cache_type) + 2 * rounding +
         f32_sum(c.nope_dim + c.key_dim() + longest_of(c) + c.rank) * 4;
}

std::vector<Backend*> all_of(const std::vector<std::unique_ptr<Backend>>& backends) {
  std::vector<Backend*> all = {&reference()};
  for (const auto& backend : backends) all.push_back(backend.get());
  return all;
}

TEST_CASE("the reference's latent attention is its formula with keys and values expanded") {
  for (const bool transposed : {false, true}) {
    for (size_t i = 0; i < 4; ++i) {
      const Case& c = cases()[i];
      CAPTURE(c.heads);
      const Operands o(c, Dtype::f32, transposed);
      CHECK(nmse(run(reference(), c, o), formula(c, o)) <= kOneRounding);
    }
  }
}

TEST_CASE("latent attention agrees with the reference in every cache format") {
  for (const Case& c : cases()) {
    const Operands o(c);
    const Matrix expected = run(reference(), c, o);
    for (const Dtype cache_type : {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::q8_0}) {
      for (const auto& backend : backends_under_test(with_cache(cache_type))) {
        CAPTURE(label(*backend));
        CAPTURE(std::string(name(cache_type)));
        CAPTURE(c.heads);
        CAPTURE(c.rank);
        CHECK(nmse(run(*backend, c, o), expected) <= bound(c, cache_type));
      }
    }
  }
}

TEST_CASE("latent attention agrees with the reference for heads of every weight format, joint or transposed") {
  const Case c{3, 256, 16, 256, 40, {{0, 10}, {70, 1}}};
  for (const Dtype dtype : weight_types()) {
    for (const bool transposed : {false, true}) {
      const Operands o(c, dtype, transposed);
      const Matrix expected = run(reference(), c, o);
      for (const auto& backend : backends_under_test(with_cache(Dtype::f32))) {
        CAPTURE(label(*backend));
        CAPTURE(std::string(name(dtype)));
        CAPTURE(transposed);
        CHECK(nmse(run(*backend, c, o), expected) <= bound(c, Dtype::f32, dtype));
      }
    }
  }
}

TEST_CASE("latent attention in pieces, or beside others, is latent attention in one") {
  const Case whole{5, 16, 8, 40, 24, {{0, 330}}};
  const Operands o(whole);
  for (const Dtype cache_type : {Dtype::f16, Dtype::q8_0}) {
    const auto backends = backends_under_test(with_cache(cache_type));
    for (Backend* backend : all_of(backends)) {
      CAPTURE(label(*backend));
      const Matrix expected = run(*backend, whole, o);
      for (const int64_t first : {1, 63, 64, 65, 255, 256, 320, 322, 323, 329}) {
        CAPTURE(first);
        Case rest = whole;
        rest.sequences = {{first, 330 - first}};
        const Matrix y = run(*backend, rest, o);
        for (int64_t t = 0; t < y.rows; ++t) CHECK(same_bits(y.row(t), expected.row(first + t)));
      }
      // 40 sequences, each with 4 tokens: more than are cut into ranges, more than go through W_k together.
      Case crowd = whole;
      Operands many(whole);
      crowd.sequences.assign(40, {322, 4});
      many.q.assign(40, o.q[0]);
      many.rows.assign(40, o.rows[0]);
      const Matrix y = run(*backend, crowd, many);
      for (int64_t t = 0; t < y.rows; ++t) CHECK(same_bits(y.row(t), expected.row(322 + t % 4)));
    }
  }
}

// Some of the positions of each token, ascending; all for those with fewer than top_k.
Matrix choose(const Case& c, int64_t top_k, int64_t step) {
  Matrix selected(0, top_k);
  for (const Part& part : c.sequences) {
    for (int64_t p = part.position; p < part.position + part.tokens; ++p) {
      std::vector<float> list;
      if (p < top_k) {
        for (int64_t i = 0; i <= p; ++i) list.push_back(float(i));
      } else {
        for (int64_t i = p % step; i <= p && int64_t(list.size()) < top_k; i += step) list.push_back(float(i));
      }
      list.resize(size_t(top_k), -1.0f);
      selected.values.insert(selected.values.end(), list.begin(), list.end());
      ++selected.rows;
    }
  }
  return selected;
}

TEST_CASE("latent attention over selected positions agrees with the reference") {
  const Case c{20, 16, 8, 40, 24, {{400, 1}, {310, 11}, {5, 3}, {600, 5}, {90, 20}}};
  const Operands o(c);
  for (const int64_t step : {1, 3}) {
    const Matrix selected = choose(c, 100, step);
    const Matrix expected = run(reference(), c, o, &selected);
    CHECK(nmse(expected, run(reference(), c, o)) > 1e-3);   // the lists do matter
    for (const Dtype cache_type : {Dtype::f32, Dtype::f16, Dtype::q8_0}) {
      for (const auto& backend : backends_under_test(with_cache(cache_type))) {
        CAPTURE(label(*backend));
        CAPTURE(std::string(name(cache_type)));
        CHECK(nmse(run(*backend, c, o, &selected), expected) <= bound(c, cache_type));
      }
    }
  }
}

TEST_CASE("lists of all positions change no bit, and a list's row does not depend on who is beside it") {
  Case c{20, 16, 8, 40, 24, {{290, 20}, {300, 1}, {64, 3}}};
  const Operands o(c);
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    const Matrix all = choose(c, 400, 1), some = choose(c, 290, 2);
    CHECK(same_bits(run(*backend, c, o, &all), run(*backend, c, o)));
    const Matrix expected = run(*backend, c, o, &some);
    for (const int64_t first : {291, 303, 309}) {
      Case rest = c;
      rest.sequences = {{first, 310 - first}};
      const Matrix list = choose(rest, 290, 2), y = run(*backend, rest, o, &list);
      for (int64_t t = 0; t < y.rows; ++t) CHECK(same_bits(y.row(t), expected.row(first - 290 + t)));
    }
  }
}

TEST_CASE("a latent cache holds one row per token and nothing more") {
  for (const auto& backend : backends_under_test(with_cache(Dtype::f16)))
    CHECK(backend->cache_slot_bytes({0, 1, 576, 512, true}) == 64 * 576 * 2);
  for (const auto& backend : backends_under_test(with_cache(Dtype::q8_0)))
    CHECK(backend->cache_slot_bytes({0, 1, 576, 512, true}) == 64 * (576 + 576 / 32 * 4));
}

TEST_CASE("a broken number in a later row spoils nobody before it") {
  const Case c{3, 16, 8, 24, 16, {{0, 80}}};
  const Operands clean(c);
  Operands broken(c);
  for (int64_t i = 0; i < c.key_dim(); ++i) broken.rows[0].at(71, i) = i % 2 == 0 ? NAN : INFINITY;
  for (const Dtype cache_type : {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::q8_0}) {
    for (const auto& backend : backends_under_test(with_cache(cache_type))) {
      CAPTURE(label(*backend));
      CAPTURE(std::string(name(cache_type)));
      const Matrix expected = run(*backend, c, clean), y = run(*backend, c, broken);
      for (int64_t t = 0; t < 71; ++t) CHECK(same_bits(y.row(t), expected.row(t)));
      CHECK(std::isnan(y.at(71, 0)));
    }
  }
}

TEST_CASE("packed heads take the bytes that were planned for them") {
  for (const Dtype dtype : {Dtype::f32, Dtype::bf16, Dtype::q8_0}) {
    const Stack stack(dtype, 3, 40, 64, 5);
    for (const auto& backend : backends_under_test()) {
      const size_t size = dtype == Dtype::f32 ? 4 : 2;
      CHECK(backend->packed_bytes(stack.weight, {.head = true}) == 3 * 48 * 64 * size);
      CHECK(backend->packed_bytes(stack.weight, {.head = true, .head_columns = true}) == 3 * 40 * 64 * size);
    }
  }
}

}  // namespace
}  // namespace hadal::test
