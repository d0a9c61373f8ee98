#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "core/thread_pool.hpp"
#include "ops/cpu_attention_harness.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

constexpr Dtype kCacheTypes[] = {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::q8_0};

// With HADAL_SIMDE the AVX-512 files run as AVX2 instructions.
std::vector<cpu::Level> levels_here() {
  std::vector<cpu::Level> levels;
#if defined(HADAL_SIMDE)
  if (cpu::missing_for(cpu::Level::avx2).empty()) levels.push_back(cpu::Level::avx512);
#else
  for (const cpu::Level level : {cpu::Level::scalar, cpu::Level::avx2, cpu::Level::avx512})
    if (cpu::missing_for(level).empty()) levels.push_back(level);
#endif
  return levels;
}

cpu::CpuConfig config_of(cpu::Level level, Dtype cache_type) {
  cpu::CpuConfig config;
  config.level = level;
  config.cache_type = cache_type;
  return config;
}

// The definition in double over what the cache holds, for the rows of one position. Fails for each number that is
// further away than rounding explains.
// A score is a chain of key_dim + 2 roundings, so it is off by at most e = (key_dim + 3) * 2^-24 * sum |q k| scale;
// exp2 adds 2 ulp, the shift by the maximum one rounding of the score's own size. A weight is then off by the factor
// 1 + 2 e', and a sum of n weighted values by n roundings more, each relative to sum w |v|.
int64_t rows_off(const AttentionHarness& harness, const AttentionShape& shape, const Timeline& t, int64_t position) {
  constexpr double kEps = 0x1p-24;
  int64_t off = 0;
  const double scale = shape.scale();
  for (int64_t head = 0; head < shape.heads; ++head) {
    const int64_t kv = head / (shape.heads / shape.kv_heads);
    const float* const q = t.q.data() + (position * shape.heads + head) * shape.key_dim;
    std::vector<double> weights;
    double max = -INFINITY, score_error = 0;
    for (int64_t p = 0; p <= position; ++p) {
      double dot = 0, size = 0;
      for (int64_t i = 0; i < shape.key_dim; ++i) {
        const double term = double(q[i]) * harness.stored_key(t, p, kv, i);
        dot += term;
        size += std::fabs(term);
      }
      weights.push_back(dot * scale);
      max = std::max(max, dot * scale);
      score_error = std::max(score_error, double(shape.key_dim + 6) * kEps * size * scale);
    }
    double sum = 0;
    for (double& w : weights) sum += w = std::exp(w - max);
    for (int64_t i = 0; i < shape.value_dim; ++i) {
      double expected = 0, size = 0;
      for (int64_t p = 0; p <= position; ++p) {
        const double term = weights[size_t(p)] / sum * harness.stored_value(t, p, kv, i);
        expected += term;
        size += std::fabs(term);
      }
      const double limit = size * (2 * score_error + (2.0 * double(position) + 40) * kEps) + 1e-30;
      const double actual = t.y[size_t((position * shape.heads + head) * shape.value_dim + i)];
      if (!(std::fabs(actual - expected) <= limit)) ++off;
    }
  }
  return off;
}

constexpr AttentionShape kShapes[] = {
    {1, 1, 1, 1}, {2, 1, 8, 8}, {9, 3, 64, 64}, {6, 2, 80, 80}, {12, 2, 128, 128}, {7, 1, 24, 40}, {16, 1, 36, 20},
    {5, 5, 64, 32},
};

void feed_all(AttentionHarness& harness, Timeline& t, int64_t chunk, TaskRunner& runner) {
  while (t.position < t.tokens) harness.run({{&t, std::min(chunk, t.tokens - t.position)}}, runner);
}

}  // namespace

TEST_CASE("these are the levels that the tests below run") {
  for (const cpu::Level level : levels_here()) MESSAGE(cpu::name(level));
  CHECK(!levels_here().empty());
}

TEST_CASE("attention agrees with its definition for every level, cache type and shape") {
  InlineRunner runner;
  for (const cpu::Level level : levels_here()) {
    for (const Dtype cache_type : kCacheTypes) {
      for (const AttentionShape& shape : kShapes) {
        CAPTURE(cpu::name(level));
        CAPTURE(name(cache_type));
        CAPTURE(shape.heads);
        CAPTURE(shape.key_dim);
        AttentionHarness harness(shape, config_of(level, cache_type));
        Timeline t = harness.timeline(331, 7);
        feed_all(harness, t, 200, runner);
        int64_t off = 0;
        for (const int64_t position : {0, 1, 62, 63, 64, 65, 127, 128, 199, 200, 255, 256, 300, 330})
          off += rows_off(harness, shape, t, position);
        CHECK(off == 0);
        CHECK(harness.edges_intact());
      }
    }
  }
}

TEST_CASE("a thousand positions and more still agree with the definition") {
  ThreadPool runner(2);
  const AttentionShape shape{2, 1, 16, 32};
  for (const cpu::Level level : levels_here()) {
    CAPTURE(cpu::name(level));
    AttentionHarness harness(shape, config_of(level, Dtype::f16));
    Timeline t = harness.timeline(4500, 3);
    feed_all(harness, t, 700, runner);
    // 4095 is the last position with ranges of 256, 4096 the first with longer ones.
    for (const int64_t position : {999, 1000, 4094, 4095, 4096, 4499}) CHECK(rows_off(harness, shape, t, position) == 0);
    CHECK(harness.edges_intact());
  }
}

TEST_CASE("large scores neither overflow nor lose the winner") {
  InlineRunner runner;
  const AttentionShape shape{2, 1, 64, 16};
  for (const cpu::Level level : levels_here()) {
    AttentionHarness harness(shape, config_of(level, Dtype::f32));
    Timeline t = harness.timeline(150, 11, /*size=*/20);
    feed_all(harness, t, 150, runner);
    for (const int64_t position : {0, 63, 64, 149}) CHECK(rows_off(harness, shape, t, position) == 0);
  }
}

TEST_CASE("what the cache stores is the nearest number of its format") {
  InlineRunner runner;
  const AttentionShape shape{3, 3, 40, 20};
  for (const cpu::Level level : levels_here()) {
    for (const Dtype cache_type : kCacheTypes) {
      CAPTURE(name(cache_type));
      AttentionHarness harness(shape, config_of(level, cache_type));
      Timeline t = harness.timeline(70, 5);
      feed_all(harness, t, 70, runner);
      int64_t wrong = 0;
      const auto check = [&](const std::vector<float>& given, bool keys, int64_t dim) {
        for (int64_t p = 0; p < t.tokens; ++p) {
          for (int64_t h = 0; h < shape.kv_heads; ++h) {
            const float* const row = given.data() + (p * shape.kv_heads + h) * dim;
            for (int64_t i = 0; i < dim; ++i) {
              const float stored = keys ? harness.stored_key(t, p, h, i) : harness.stored_value(t, p, h, i);
              switch (cache_type) {
                case Dtype::f32: wrong += stored != row[i]; break;
                case Dtype::f16: wrong += stored != f16_to_f32(f32_to_f16(row[i])); break;
                case Dtype::bf16: wrong += stored != bf16_to_f32(f32_to_bf16(row[i])); break;
                default: {
                  float largest = 0;
                  for (int64_t j = i / 32 * 32; j < std::min(dim, i / 32 * 32 + 32); ++j)
                    largest = std::max(largest, std::fabs(row[j]));
                  // Half a step, and a rounding of the product on either side.
                  wrong += !(std::fabs(stored - row[i]) <= largest / 254 * 1.00001f);
                }
              }
            }
          }
        }
      };
      check(t.k, true, shape.key_dim);
      check(t.v, false, shape.value_dim);
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("a row has the same bits in one piece, in chunks, token by token, and on any number of threads") {
  constexpr int64_t kLength = 300;   // two ranges of positions
  const AttentionShape shapes[] = {{3, 1, 64, 64}, {12, 2, 128, 128}, {7, 1, 24, 40}, {2, 2, 80, 80}};
  for (const cpu::Level level : levels_here()) {
    for (const Dtype cache_type : kCacheTypes) {
      for (const AttentionShape& shape : shapes) {
        CAPTURE(cpu::name(level));
        CAPTURE(name(cache_type));
        CAPTURE(shape.heads);
        AttentionHarness harness(shape, config_of(level, cache_type));
        InlineRunner alone;
        Timeline whole = harness.timeline(kLength, 21);
        feed_all(harness, whole, kLength, alone);
        for (int threads = 1; threads <= 3; ++threads) {
          ThreadPool pool(threads);
          for (const int64_t chunk : {1, 5, 64, 301}) {
            if (chunk < 64 && threads != 2) continue;
            CAPTURE(threads);
            CAPTURE(chunk);
            Timeline t = harness.timeline(kLength, 21);
            feed_all(harness, t, chunk, pool);
            CHECK(std::memcmp(t.y.data(), whole.y.data(), whole.y.size() * sizeof(float)) == 0);
          }
        }
        CHECK(harness.edges_intact());
      }
    }
  }
}

TEST_CASE("where ranges grow longer, the bits of a row still do not depend on how it was fed") {
  const AttentionShape shape{2, 1, 8, 16};
  for (const cpu::Level level : levels_here()) {
    AttentionHarness harness(shape, config_of(level, Dtype::f16));
    ThreadPool pool(2);
    Timeline whole = harness.timeline(4200, 4), pieces = harness.timeline(4200, 4);
    feed_all(harness, whole, 4200, pool);
    harness.run({{&pieces, 4060}}, pool);
    feed_all(harness, pieces, 3, pool);   // crosses position 4096 in the middle of a step
    CHECK(std::memcmp(pieces.y.data(), whole.y.data(), whole.y.size() * sizeof(float)) == 0);
    CHECK(harness.edges_intact());
  }
}

TEST_CASE("sequences side by side have the bits they have alone") {
  const AttentionShape shape{6, 2, 64, 48};
  for (const cpu::Level level : levels_here()) {
    for (const Dtype cache_type : {Dtype::f16, Dtype::q8_0}) {
      AttentionHarness harness(shape, config_of(level, cache_type));
      InlineRunner alone;
      ThreadPool pool(3);
      std::vector<Timeline> lonely, together;
      for (int i = 0; i < 12; ++i) {
        lonely.push_back(harness.timeline(40 + 31 * i, uint64_t(i)));
        together.push_back(harness.timeline(40 + 31 * i, uint64_t(i)));
        feed_all(harness, lonely.back(), 1000, alone);
      }
      // Each step feeds what is left in turns of 1 to 12 tokens, some sequences generating, one taking a long prompt.
      for (int step = 0;; ++step) {
        std::vector<AttentionHarness::Feed> feeds;
        for (size_t i = 0; i < together.size(); ++i) {
          const int64_t left = together[i].tokens - together[i].position;
          const int64_t want = i == 11 ? 200 : i % 3 == 0 ? 1 + int64_t(i) : 37;
          if (left > 0) feeds.push_back({&together[i], std::min(left, want)});
        }
        if (feeds.empty()) break;
        harness.run(feeds, pool);
      }
      for (size_t i = 0; i < together.size(); ++i) {
        CAPTURE(i);
        CHECK(std::memcmp(together[i].y.data(), lonely[i].y.data(), lonely[i].y.size() * sizeof(float)) == 0);
      }
      CHECK(harness.edges_intact());
    }
  }
}

TEST_CASE("a broken number in a later position or another sequence spoils nobody else") {
  const AttentionShape shape{3, 1, 16, 16};
  for (const cpu::Level level : levels_here()) {
    for (const Dtype cache_type : kCacheTypes) {
      CAPTURE(name(cache_type));
      AttentionHarness harness(shape, config_of(level, cache_type));
      InlineRunner runner;
      Timeline clean = harness.timeline(80, 1), broken = harness.timeline(80, 1);
      feed_all(harness, clean, 80, runner);
      for (int64_t i = 0; i < 16; ++i) {
        broken.k[size_t(71 * 16 + i)] = NAN;   // in one register tile with the row before
        broken.v[size_t(71 * 16 + i)] = INFINITY;
      }
      feed_all(harness, broken, 80, runner);
      const size_t good = size_t(71 * 3 * 16);
      CHECK(std::memcmp(broken.y.data(), clean.y.data(), good * sizeof(float)) == 0);
      CHECK(std::isnan(broken.y[good]));
    }
  }
}
