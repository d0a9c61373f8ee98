// The kernels of the latent cache and of the indexer by themselves, against their definition in double over what the
// cache holds; AVX-512 over SIMDe on machines without it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "backends/cpu/attention.hpp"
#include "ops/cpu_attention_harness.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

constexpr int64_t kPage = 64;
constexpr Dtype kCacheTypes[] = {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::q8_0};

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

// Pages filled by the append op; memory beyond the last position is NaN.
struct Pages {
  Pages(const CacheSlot& slot, int64_t length, const cpu::CpuConfig& config)
      : dim(slot.key_dim), type(config.cache_type) {
    arrangement = cpu::arrangement_of(slot, config.cache_type);
    layout.slots = {slot};
    layout.offsets = {64};
    layout.page_bytes = 64 + arrangement.head_bytes;
    for (int64_t i = 0; i < (length + kPage - 1) / kPage; ++i) memory.emplace_back(layout.page_bytes);
    for (const Guarded& page : memory) pointers.push_back(page.data());
    std::vector<float> rows = noise(size_t(length * dim), 5);
    std::vector<int32_t> tokens(static_cast<size_t>(length)), positions;
    for (int64_t i = 0; i < length; ++i) positions.push_back(int32_t(i));
    const BatchSequence sequence{0, length, 0, pointers};
    const Node node{Op::append, "test", {}, {}, {}, AttentionAttributes{slot, 0, 0}};
    const Tensor in[] = {matrix(rows.data(), Dtype::f32, length, dim)}, out[] = {Tensor{}};
    const NodeContext context{node, {tokens, positions, {&sequence, 1}, {}}, layout, in, out, {}, nullptr};
    const int64_t tasks = cpu::kAppend.tasks(context, 0, config);
    for (int64_t task = 0; task < tasks; ++task) cpu::kAppend.run(context, 0, task, 0, config);
    for (const Guarded& page : memory) intact = intact && page.edges_intact();
  }

  float element(const std::byte* base, int64_t at, const float* scale) const {
    switch (type) {
      case Dtype::f32: return reinterpret_cast<const float*>(base)[at];
      case Dtype::f16: return f16_to_f32(reinterpret_cast<const uint16_t*>(base)[at]);
      case Dtype::bf16: return bf16_to_f32(reinterpret_cast<const uint16_t*>(base)[at]);
      default: return float(reinterpret_cast<const int8_t*>(base)[at]) * *scale;
    }
  }
  // By the words of cache.hpp.
  double row(int64_t position, int64_t i) const {
    const std::byte* const base = pointers[size_t(position / kPage)] + 64;
    const auto* const scales = reinterpret_cast<const float*>(base + arrangement.key_scales);
    const int64_t at = position % kPage;
    return element(base, at * dim + i, scales + at * arrangement.key_groups + i / 32);
  }
  double key(int64_t position, int64_t i) const {
    const std::byte* const base = pointers[size_t(position / kPage)] + 64;
    const auto* const scales = reinterpret_cast<const float*>(base + arrangement.key_scales);
    const int64_t at = position % kPage;
    return element(base, (at / 16 * dim + i) * 16 + at % 16, scales + i / 32 * kPage + at);
  }

  int64_t dim;
  Dtype type;
  cpu::CacheArrangement arrangement;
  CacheLayout layout;
  std::vector<Guarded> memory;
  std::vector<std::byte*> pointers;
  bool intact = true;
};

struct TileShape {
  int64_t rank, rope, tokens, group, position;
};

cpu::LatentTile tile_of(const TileShape& s, const Pages& pages, const std::vector<float>& q, float* y, float* scratch) {
  cpu::LatentTile tile{};
  tile.q = q.data();
  tile.y = y;
  tile.q_stride = s.group * pages.dim;
  tile.y_stride = s.group * s.rank;
  tile.tokens = s.tokens;
  tile.group = s.group;
  tile.key_dim = pages.dim;
  tile.value_dim = s.rank;
  tile.scale = 0.3f;
  tile.position = s.position;
  tile.end_page = (s.position + s.tokens - 1) / kPage + 1;
  tile.pages = pages.pointers.data();
  tile.offset = 64;
  tile.arrangement = pages.arrangement;
  tile.cache_type = pages.type;
  tile.scratch = scratch;
  return tile;
}

// Numbers of one row that are further from the definition than rounding explains: a score is a chain of key_dim + 2
// roundings, a weight off by twice that, a sum by one rounding for each position and the merging of ranges.
int64_t off(const TileShape& s, const Pages& pages, const float* q, const float* y,
            const std::vector<int64_t>& positions) {
  constexpr double kEps = 0x1p-24;
  std::vector<double> weights;
  double max = -INFINITY, error = 0, sum = 0;
  for (const int64_t p : positions) {
    double dot = 0, size = 0;
    for (int64_t i = 0; i < pages.dim; ++i) {
      const double term = double(q[i]) * pages.row(p, i);
      dot += term;
      size += std::fabs(term);
    }
    weights.push_back(dot * 0.3f);
    max = std::max(max, dot * 0.3f);
    error = std::max(error, double(pages.dim + 6) * kEps * size * 0.3f);
  }
  for (double& w : weights) sum += w = std::exp(w - max);
  int64_t count = 0;
  for (int64_t i = 0; i < s.rank; ++i) {
    double expected = 0, size = 0;
    for (size_t p = 0; p < positions.size(); ++p) {
      const double term = weights[p] / sum * pages.row(positions[p], i);
      expected += term;
      size += std::fabs(term);
    }
    const double limit = size * (2 * error + (2.0 * double(positions.size()) + 40) * kEps) + 1e-30;
    if (!(std::fabs(y[i] - expected) <= limit)) ++count;
  }
  return count;
}

std::vector<int64_t> up_to(int64_t position) {
  std::vector<int64_t> all;
  for (int64_t p = 0; p <= position; ++p) all.push_back(p);
  return all;
}

constexpr TileShape kShapes[] = {
    {1, 0, 1, 1, 0}, {7, 4, 3, 2, 62}, {20, 4, 1, 16, 130}, {48, 16, 5, 11, 255}, {16, 1, 64, 1, 40},
    {33, 15, 1, 37, 300},
};

}  // namespace

TEST_CASE("a latent tile is its definition at every level, in every cache format and shape") {
  for (const cpu::Level level : levels_here()) {
    for (const Dtype type : kCacheTypes) {
      for (const TileShape& s : kShapes) {
        CAPTURE(cpu::name(level));
        CAPTURE(name(type));
        CAPTURE(s.rank);
        const CacheSlot slot{0, 1, s.rank + s.rope, s.rank, true};
        const Pages pages(slot, s.position + s.tokens, {level, false, true, type});
        const int64_t rows = s.tokens * s.group;
        const std::vector<float> q = noise(size_t(rows * pages.dim), 9);
        const Guarded y(size_t(rows * s.rank) * sizeof(float));
        const Guarded scratch(size_t(cpu::latent_scratch_floats(rows, pages.dim, pages.arrangement.value_blocks)) *
                              sizeof(float));
        cpu::attention_kernels(level).attend_latent(tile_of(s, pages, q, y.as<float>(), scratch.as<float>()));
        int64_t wrong = 0;
        for (int64_t r = 0; r < rows; ++r)
          wrong += off(s, pages, q.data() + r * pages.dim, y.as<float>() + r * s.rank, up_to(s.position + r / s.group));
        CHECK(wrong == 0);
        CHECK(pages.intact);
        CHECK(y.edges_intact());
        CHECK(scratch.edges_intact());
      }
    }
  }
}

TEST_CASE("a latent tile over selected positions is its definition") {
  const TileShape s{40, 8, 1, 19, 499};
  std::vector<float> list;
  std::vector<int64_t> positions;
  for (int64_t p = 3; p < 500; p += p % 7 == 0 ? 1 : 3) {
    positions.push_back(p);
    list.push_back(float(p));
  }
  for (const cpu::Level level : levels_here()) {
    for (const Dtype type : kCacheTypes) {
      const Pages pages({0, 1, 48, 40, true}, 500, {level, false, true, type});
      const std::vector<float> q = noise(size_t(s.group * 48), 9);
      std::vector<float> y(size_t(s.group * s.rank));
      const Guarded scratch(size_t(cpu::latent_scratch_floats(s.group, 48, 3)) * sizeof(float));
      cpu::LatentTile tile = tile_of(s, pages, q, y.data(), scratch.as<float>());
      tile.selected = list.data();
      tile.position = int64_t(list.size()) - 1;
      tile.end_page = tile.position / kPage + 1;
      cpu::attention_kernels(level).attend_latent(tile);
      int64_t wrong = 0;
      for (int64_t r = 0; r < s.group; ++r) wrong += off(s, pages, q.data() + r * 48, y.data() + r * s.rank, positions);
      CHECK(wrong == 0);
      CHECK(scratch.edges_intact());
    }
  }
}

TEST_CASE("an indexer's scores are their definition at every level and in every cache format") {
  for (const cpu::Level level : levels_here()) {
    for (const Dtype type : kCacheTypes) {
      for (const int64_t heads : {1, 5, 64}) {
        constexpr int64_t dim = 40, count = 45;
        const Pages pages({0, 1, dim, 0, true}, count, {level, false, true, type});
        const std::vector<float> q = noise(size_t(heads * dim), 3), w = noise(size_t(heads), 4);
        const Guarded scores(kPage * sizeof(float)), scratch(size_t(cpu::index_scratch_floats(dim)) * sizeof(float));
        cpu::IndexPage page{q.data(), w.data(), heads, dim, 0.7f, pages.pointers[0] + 64, pages.arrangement, type,
                            count, scores.as<float>(), scratch.as<float>()};
        cpu::attention_kernels(level).index_scores(page);
        int64_t wrong = 0;
        for (int64_t p = 0; p < count; ++p) {
          double sum = 0, size = 0;
          for (int64_t h = 0; h < heads; ++h) {
            double dot = 0;
            for (int64_t i = 0; i < dim; ++i) {
              const double term = double(q[size_t(h * dim + i)]) * pages.key(p, i);
              dot += term;
              size += std::fabs(w[size_t(h)] * term);
            }
            sum += w[size_t(h)] * std::max(dot, 0.0);
          }
          const double limit = double(dim + heads + 2) * 0x1p-24 * size * 0.7;
          wrong += !(std::fabs(scores.as<float>()[p] - sum * double(0.7f)) <= limit);
        }
        CHECK(wrong == 0);
        CHECK(scores.edges_intact());
        CHECK(scratch.edges_intact());
      }
    }
  }
}
