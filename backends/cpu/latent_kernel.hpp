// Attention over the latent cache, written once over the vocabulary: every head reads the same row of a position, as
// key and, its first part, as value. Included after one of the isa headers.
//
// A page is widened once to f32 [key blocks][64 positions][16], the arrangement of values elsewhere. Scores have 16
// query rows in the lanes of a vector and meet one component of a key at a time, so that rows need no transposing.
// Softmax and sums are those of ordinary attention (attention_steps.hpp), and so is the order of every chain.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "backends/cpu/attention_steps.hpp"

namespace hadal::cpu {
namespace {

template <class Isa>
class LatentKernel : private AttentionSteps<Isa> {
  using Steps = AttentionSteps<Isa>;
  using Steps::kBlock, Steps::kPage, Steps::kLanes, Steps::kRows, Steps::kVectors;
  using Steps::add_range, Steps::clear, Steps::divide, Steps::load, Steps::soften;
  using typename Steps::Vec;
  using RowKernels = typename Steps::template RowKernels<float>;

 public:
  static void attend(const LatentTile& tile) { LatentKernel(tile).run(); }

 private:
  // Values that stay in a small L1 cache while all rows of a lane group pass: 16 KB.
  static constexpr int64_t kValueBlocks = 4;

  explicit LatentKernel(const LatentTile& tile)
      : tile_(tile),
        rows_(tile.tokens * tile.group),
        key_blocks_((tile.key_dim + kBlock - 1) / kBlock),
        columns_(tile.arrangement.value_blocks * kBlock),
        stride_(partial_stride(tile.arrangement.value_blocks)) {
    float* next = tile.scratch;
    const auto take = [&](int64_t floats) {
      float* const block = next;
      next += floats;
      return block;
    };
    const int64_t lane_groups = (rows_ + kBlock - 1) / kBlock;
    keys_ = take(key_blocks_ * kPage * kBlock);
    queries_ = take(lane_groups * key_blocks_ * kBlock * kBlock);
    lanes_ = take(kPage * kBlock);
    scores_ = take(kBlock * kPage);
    sums_ = take(rows_ * stride_);
    totals_ = take(rows_ * stride_);
  }

  void run() {
    arrange_queries();
    for (int64_t r = 0; r < rows_; ++r) clear(sums_ + r * stride_, columns_);
    if (!tile_.one_range) {
      for (int64_t r = 0; r < rows_; ++r) clear(totals_ + r * stride_, columns_);
    }
    for (int64_t page = tile_.first_page; page < tile_.end_page; ++page) {
      const int64_t first_token = std::max<int64_t>(page * kPage - tile_.position, 0);
      if (first_token >= tile_.tokens) break;
      if (!tile_.one_range && page > tile_.first_page) end_ranges(page, first_token);
      widen_page(page, std::min<int64_t>(kPage, tile_.position + tile_.tokens - page * kPage));
      const int64_t first_row = first_token * tile_.group;
      for (int64_t row = first_row / kBlock * kBlock; row < rows_; row += kBlock) run_rows(page, row, first_row);
    }
    if (!tile_.one_range) end_last_ranges();
    if (tile_.y) write_results();
    else std::copy_n(results(), rows_ * stride_, tile_.partials);
  }

  int64_t token_of(int64_t row) const { return row / tile_.group; }

  // To [lane group][key_dim][16 rows]; scores come out as exponents of two.
  void arrange_queries() {
    constexpr float kLog2E = 0x1.715476p+0f;
    const float scale = tile_.scale * kLog2E;
    for (int64_t first = 0; first < rows_; first += kBlock) {
      float* const out = queries_ + first * key_blocks_ * kBlock;
      const int64_t count = std::min<int64_t>(kBlock, rows_ - first);
      if (count < kBlock) std::fill_n(out, tile_.key_dim * kBlock, 0.0f);
      for (int64_t r = 0; r < count; ++r) {
        const int64_t row = first + r;
        const float* const q = tile_.q + token_of(row) * tile_.q_stride + row % tile_.group * tile_.key_dim;
        for (int64_t k = 0; k < tile_.key_dim; ++k) out[k * kBlock + r] = q[k] * scale;
      }
    }
  }

  void end_ranges(int64_t page, int64_t first_token) {
    for (int64_t t = first_token; t < tile_.tokens; ++t) {
      if (page % range_pages(tile_.position + t) != 0) continue;
      for (int64_t r = t * tile_.group; r < (t + 1) * tile_.group; ++r) {
        add_range(totals_ + r * stride_, sums_ + r * stride_, columns_);
        clear(sums_ + r * stride_, columns_);
      }
    }
  }

  void end_last_ranges() {
    for (int64_t r = 0; r < rows_; ++r) add_range(totals_ + r * stride_, sums_ + r * stride_, columns_);
  }

  const float* results() const { return tile_.one_range ? sums_ : totals_; }

  void write_results() {
    for (int64_t r = 0; r < rows_; ++r) {
      const float* const row = results() + r * stride_;
      float* const y = tile_.y + token_of(r) * tile_.y_stride + r % tile_.group * tile_.value_dim;
      divide(y, row, tile_.value_dim, row[columns_ + 1]);
    }
  }

  // The rows [row, row + 16) from first_row on.
  void run_rows(int64_t page, int64_t row, int64_t first_row) {
    // How many positions of the page a row may see; the later the row, the more.
    const auto count_of = [&](int64_t r) {
      return std::min<int64_t>(tile_.position + token_of(r) + 1 - page * kPage, kPage);
    };
    const int64_t end = std::min(row + kBlock, rows_);
    score(queries_ + row * key_blocks_ * kBlock, count_of(end - 1));

    float rescale[kBlock] = {};
    const int64_t begin = std::max(row, first_row);
    for (int64_t r = begin; r < end; ++r) {
      float* const scores = scores_ + (r - begin) * kPage;
      const int64_t count = count_of(r);
      for (int64_t i = 0; i < count; ++i) scores[i] = lanes_[i * kBlock + r - row];
      rescale[r - begin] = soften(scores, count, sums_ + r * stride_, columns_);
    }
    for (int64_t b = 0; b < tile_.arrangement.value_blocks; b += kValueBlocks) {
      const int64_t blocks = std::min(kValueBlocks, tile_.arrangement.value_blocks - b);
      int64_t r = begin;
      for (int64_t tiles = (end - begin + kRows - 1) / kRows; tiles > 0; --tiles) {
        const int64_t height = (end - r + tiles - 1) / tiles;
        weigh(r, int(height), scores_ + (r - begin) * kPage, rescale + (r - begin), b, blocks, count_of);
        r += height;
      }
    }
  }

  // A row never multiplies a position it may not see: what lies there may be infinite.
  template <class Count>
  void weigh(int64_t row, int height, const float* weights, const float* rescale, int64_t block, int64_t blocks,
             const Count& count_of) {
    constexpr float kOne = 1;
    const float* const values = keys_ + block * kPage * kBlock;
    float* const sums = sums_ + row * stride_ + block * kBlock;
    const int64_t common = count_of(row);
    RowKernels::for_height.weigh[height - 1](weights, rescale, values, values, 0, common, sums, stride_, blocks);
    for (int i = 1; i < height; ++i) {
      if (const int64_t count = count_of(row + i); count > common)
        RowKernels::for_height.weigh[0](weights + i * kPage, &kOne, values, values, common, count,
                                        sums + i * stride_, stride_, blocks);
    }
  }

  // lanes_[position][row] = q[row] · key[position], of 16 rows.
  void score(const float* queries, int64_t count) {
    int64_t position = 0;
    for (int64_t tiles = (count + kRows - 1) / kRows; tiles > 0; --tiles) {
      const int64_t height = (count - position + tiles - 1) / tiles;
      kScores.for_height[height - 1](queries, tile_.key_dim, keys_ + position * kBlock, lanes_ + position * kBlock);
      position += height;
    }
  }

  template <int Positions>
  static void score_positions(const float* queries, int64_t key_dim, const float* keys, float* out) {
    Vec sum[Positions][kVectors];
    HADAL_UNROLL
    for (int p = 0; p < Positions; ++p) {
      HADAL_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[p][v] = Isa::zero();
    }
    for (int64_t first = 0; first < key_dim; first += kBlock, keys += kPage * kBlock) {
      const int64_t count = key_dim - first < kBlock ? key_dim - first : kBlock;
      for (int64_t k = 0; k < count; ++k, queries += kBlock) {
        Vec q[kVectors];
        HADAL_UNROLL
        for (int v = 0; v < kVectors; ++v) q[v] = Isa::load(queries + v * kLanes);
        HADAL_UNROLL
        for (int p = 0; p < Positions; ++p) {
          const Vec key = Isa::set1(keys[p * kBlock + k]);
          HADAL_UNROLL
          for (int v = 0; v < kVectors; ++v) sum[p][v] = Isa::fma(key, q[v], sum[p][v]);
        }
      }
    }
    HADAL_UNROLL
    for (int p = 0; p < Positions; ++p) {
      HADAL_UNROLL
      for (int v = 0; v < kVectors; ++v) Isa::store(out + p * kBlock + v * kLanes, sum[p][v]);
    }
  }

  struct Scores {
    void (*for_height[kRows])(const float*, int64_t, const float*, float*);
  };
  template <int... I>
  static constexpr Scores make_scores(std::integer_sequence<int, I...>) {
    return {{&score_positions<I + 1>...}};
  }
  static constexpr Scores kScores = make_scores(std::make_integer_sequence<int, kRows>());

  // Where a row of the cache begins, and what its numbers are to be multiplied by (q8_0 only).
  struct Row {
    const std::byte* data;
    const float* scales;
  };
  Row row_of(int64_t place) const {
    const int64_t position = tile_.selected ? int64_t(tile_.selected[place]) : place;
    const std::byte* const slot = tile_.pages[position / kPage] + tile_.offset;
    const int64_t at = position % kPage;
    const auto* const scales = reinterpret_cast<const float*>(slot + tile_.arrangement.key_scales);
    return {slot + size_t(at) * tile_.arrangement.row_bytes, scales + at * tile_.arrangement.key_groups};
  }

  // The first `count` rows of a page, or of the page's worth of selected ones.
  void widen_page(int64_t page, int64_t count) {
    constexpr int64_t kAhead = 4;   // rows fetched while one is widened
    for (int64_t p = 0; p < count; ++p) {
      const Row row = row_of(page * kPage + p);
      const std::byte* const ahead = row_of(page * kPage + std::min(p + kAhead, count - 1)).data;
      float* const out = keys_ + p * kBlock;
      switch (tile_.cache_type) {
        case Dtype::f32: widen(out, reinterpret_cast<const F32*>(row.data), ahead); break;
        case Dtype::f16: widen(out, reinterpret_cast<const F16*>(row.data), ahead); break;
        case Dtype::bf16: widen(out, reinterpret_cast<const Bf16*>(row.data), ahead); break;
        default: widen_scaled(out, reinterpret_cast<const int8_t*>(row.data), row.scales);
      }
    }
  }

  template <class Element>
  void widen(float* out, const Element* row, const std::byte* ahead) const {
    for (int64_t k = 0; k < tile_.key_dim; k += kBlock, out += kPage * kBlock) {
      Isa::prefetch(ahead + size_t(k) * sizeof(Element));
      if (tile_.key_dim - k >= kBlock) {
        for (int v = 0; v < kBlock; v += kLanes) Isa::store(out + v, load(row + k + v));
      } else {
        Element tail[kBlock] = {};
        std::copy_n(row + k, tile_.key_dim - k, tail);
        for (int v = 0; v < kBlock; v += kLanes) Isa::store(out + v, load(tail + v));
      }
    }
  }

  void widen_scaled(float* out, const int8_t* row, const float* scales) const {
    for (int64_t k = 0; k < tile_.key_dim; k += kBlock, out += kPage * kBlock) {
      int8_t bytes[kBlock] = {};
      std::copy_n(row + k, std::min<int64_t>(kBlock, tile_.key_dim - k), bytes);
      const Vec scale = Isa::set1(scales[k / CacheArrangement::kScaleGroup]);
      for (int v = 0; v < kBlock; v += kLanes) Isa::store(out + v, Isa::mul(load(bytes + v), scale));
    }
  }

  const LatentTile& tile_;
  int64_t rows_;
  int64_t key_blocks_;
  int64_t columns_;   // of a row of sums, value_dim rounded up to blocks
  int64_t stride_;
  float* keys_;
  float* queries_;
  float* lanes_;
  float* scores_;
  float* sums_;
  float* totals_;
};

}  // namespace
}  // namespace hadal::cpu
