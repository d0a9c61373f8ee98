// Attention over one tile, written once over the vocabulary. Included after one of the isa headers.
//
// Online softmax: per range of pages a row keeps its maximum m, its sum of weights l and its weighted sum of values,
// all relative to 2^m.
#pragma once

#include <cstdint>

#include "backends/cpu/attention_steps.hpp"

namespace hadal::cpu {
namespace {

template <class Isa>
class AttentionKernel : private AttentionSteps<Isa> {
  using Steps = AttentionSteps<Isa>;
  using Steps::kBlock, Steps::kPage, Steps::kLanes, Steps::kRows, Steps::kMinusInfinity;
  using Steps::add_range, Steps::clear, Steps::divide, Steps::load, Steps::soften;
  using Steps::widen, Steps::widen_scaled_keys;
  using typename Steps::Vec;
  template <class Element>
  using RowKernels = typename Steps::template RowKernels<Element>;

 public:
  static void attend(const AttentionTile& tile) { AttentionKernel(tile).run(); }

 private:
  explicit AttentionKernel(const AttentionTile& tile)
      : tile_(tile),
        columns_(tile.arrangement.value_blocks * kBlock),
        stride_(partial_stride(tile.arrangement.value_blocks)) {
    float* next = tile.scratch;
    const auto take = [&](int64_t floats) {
      float* const block = next;
      next += (floats + kBlock - 1) / kBlock * kBlock;
      return block;
    };
    keys_ = take(kPage * tile.key_dim);
    values_ = take(kPage * columns_);
    scores_ = take(kPage * kRows);
    q_ = take(tile.rows() * tile.key_dim);
    sums_ = take(tile.rows() * stride_);
    totals_ = take(tile.rows() * stride_);
  }

  void run() {
    const int64_t rows = tile_.rows();
    scale_queries();
    for (int64_t r = 0; r < rows; ++r) clear(sums_ + r * stride_, columns_);
    const bool whole = tile_.y != nullptr;
    if (whole) {
      for (int64_t r = 0; r < rows; ++r) clear(totals_ + r * stride_, columns_);
    }
    // Few rows read the cache as it lies; for many, or int8, a page is widened once.
    const bool widened = tile_.cache_type == Dtype::q8_0 || (tile_.cache_type != Dtype::f32 && rows > kRows);
    for (int64_t page = tile_.first_page; page < tile_.end_page; ++page) {
      const int64_t first_token = first_token_at(page);
      if (first_token >= tile_.tokens) break;
      if (whole && page > tile_.first_page) end_ranges(page, first_token);
      if (widened) {
        widen_page(head_of(page));
        run_page<float>(page, first_token, keys_, values_, nullptr);
      } else if (tile_.cache_type == Dtype::f32) {
        run_page_in_place<F32>(page, first_token);
      } else if (tile_.cache_type == Dtype::f16) {
        run_page_in_place<F16>(page, first_token);
      } else {
        run_page_in_place<Bf16>(page, first_token);
      }
    }
    if (whole) {
      finish();
    } else {
      for (int64_t i = 0; i < rows * stride_; i += kLanes) Isa::store(tile_.partials + i, Isa::load(sums_ + i));
    }
  }

  // The last position that token t sees, and the first token that sees anything of a page.
  int64_t last_of(int64_t t) const { return tile_.visible > 0 ? tile_.visible - 1 : tile_.position + t; }
  int64_t first_token_at(int64_t page) const {
    return tile_.visible > 0 || page * kPage <= tile_.position ? 0 : page * kPage - tile_.position;
  }

  const std::byte* head_of(int64_t page) const { return tile_.pages[page] + tile_.head_offset; }

  // Scores come out as exponents of two.
  void scale_queries() {
    constexpr float kLog2E = 0x1.715476p+0f;
    const float scale = tile_.scale * kLog2E;
    for (int64_t t = 0; t < tile_.tokens; ++t) {
      const float* const in = tile_.q + t * tile_.q_stride;
      float* const out = q_ + t * tile_.group * tile_.key_dim;
      for (int64_t i = 0; i < tile_.group * tile_.key_dim; ++i) out[i] = in[i] * scale;
    }
  }

  void end_ranges(int64_t page, int64_t first_token) {
    for (int64_t t = first_token; t < tile_.tokens; ++t) {
      if (page % range_pages(last_of(t)) != 0) continue;
      for (int64_t r = t * tile_.group; r < (t + 1) * tile_.group; ++r) {
        add_range(totals_ + r * stride_, sums_ + r * stride_, columns_);
        clear(sums_ + r * stride_, columns_);
      }
    }
  }

  void finish() {
    for (int64_t r = 0; r < tile_.rows(); ++r) {
      const int64_t t = r / tile_.group;
      float* row = sums_ + r * stride_;
      if (num_ranges(last_of(t)) > 1) {
        add_range(totals_ + r * stride_, row, columns_);
        row = totals_ + r * stride_;
      }
      float* const y = tile_.y + t * tile_.y_stride + (r % tile_.group) * tile_.value_dim;
      divide(y, row, tile_.value_dim, row[columns_ + 1]);
    }
  }

  template <class Element>
  void run_page_in_place(int64_t page, int64_t first_token) {
    const std::byte* const head = head_of(page);
    run_page(page, first_token, reinterpret_cast<const Element*>(head),
             reinterpret_cast<const Element*>(head + tile_.arrangement.values),
             reinterpret_cast<const Element*>(page + 1 < tile_.end_page ? head_of(page + 1) : head));
  }

  // All rows that reach this page, in register tiles of nearly equal height.
  template <class Element>
  void run_page(int64_t page, int64_t first_token, const Element* keys, const Element* values, const Element* next) {
    int64_t row = first_token * tile_.group;
    int64_t left = tile_.rows() - row;
    for (int64_t tiles = (left + kRows - 1) / kRows; tiles > 0; --tiles) {
      const int height = int((left + tiles - 1) / tiles);
      run_rows(page, row, height, keys, values, next);
      row += height;
      left -= height;
    }
  }

  template <class Element>
  void run_rows(int64_t page, int64_t row, int height, const Element* keys, const Element* values,
                const Element* next) {
    // How many positions of the page a row may see; the later the row, the more.
    const auto count_of = [&](int i) {
      const int64_t count = last_of((row + i) / tile_.group) + 1 - page * kPage;
      return count < kPage ? count : kPage;
    };
    const int64_t blocks = (count_of(height - 1) + kBlock - 1) / kBlock;
    RowKernels<Element>::for_height.score[height - 1](q_ + row * tile_.key_dim, tile_.key_dim, keys, blocks, values,
                                                     scores_);
    float rescale[kRows] = {};
    for (int i = 0; i < height; ++i)
      rescale[i] = soften(scores_ + i * kPage, count_of(i), sums_ + (row + i) * stride_, columns_);

    // A row never multiplies a position it may not see: what lies there may be infinite.
    const int64_t common = count_of(0), blocks_of_values = tile_.arrangement.value_blocks;
    float* const sums = sums_ + row * stride_;
    constexpr float kOne = 1;
    RowKernels<Element>::for_height.weigh[height - 1](scores_, rescale, values, next, 0, common, sums,
                                                     stride_, blocks_of_values);
    for (int i = 1; i < height; ++i) {
      if (const int64_t count = count_of(i); count > common)
        RowKernels<Element>::for_height.weigh[0](scores_ + i * kPage, &kOne, values, values, common, count,
                                                 sums + i * stride_, stride_, blocks_of_values);
    }
  }

  void widen_page(const std::byte* head) {
    const CacheArrangement& a = tile_.arrangement;
    if (tile_.cache_type == Dtype::f16) {
      widen(keys_, reinterpret_cast<const F16*>(head), kPage * tile_.key_dim);
      widen(values_, reinterpret_cast<const F16*>(head + a.values), kPage * columns_);
    } else if (tile_.cache_type == Dtype::bf16) {
      widen(keys_, reinterpret_cast<const Bf16*>(head), kPage * tile_.key_dim);
      widen(values_, reinterpret_cast<const Bf16*>(head + a.values), kPage * columns_);
    } else {
      widen_scaled_keys(keys_, reinterpret_cast<const int8_t*>(head), reinterpret_cast<const float*>(head + a.key_scales),
                        tile_.key_dim);
      widen_scaled_values(reinterpret_cast<const int8_t*>(head + a.values),
                          reinterpret_cast<const float*>(head + a.value_scales));
    }
  }

  void widen_scaled_values(const int8_t* in, const float* scales) {
    for (int64_t b = 0; b < tile_.arrangement.value_blocks; ++b) {
      const float* const scale = scales + b * kBlock / CacheArrangement::kScaleGroup * kPage;
      for (int64_t position = 0; position < kPage; ++position) {
        const int64_t at = (b * kPage + position) * kBlock;
        const Vec factor = Isa::set1(scale[position]);
        for (int v = 0; v < kBlock; v += kLanes) Isa::store(values_ + at + v, Isa::mul(load(in + at + v), factor));
      }
    }
  }

  const AttentionTile& tile_;
  int64_t columns_;   // of a row of sums, value_dim rounded up to blocks
  int64_t stride_;
  float* keys_;
  float* values_;
  float* scores_;
  float* q_;
  float* sums_;
  float* totals_;
};

}  // namespace
}  // namespace hadal::cpu
