// Attention over one tile, written once over the vocabulary. Included after one of the isa headers.
//
// Online softmax: per range of pages a row keeps its maximum m, its sum of weights l and its weighted sum of values, all relative to 2^m.
//
// Each number of a row is one chain of operations in ascending order (components of a key for a score, positions for
// a sum), whatever the tile around it: the bits of a row depend on its own position only.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "backends/cpu/attention.hpp"
#include "backends/cpu/isa/exp2.hpp"
#include "backends/cpu/isa/unroll.hpp"
#include "core/half.hpp"

namespace hadal::cpu {
namespace {

// Elements of the cache as they lie in memory; plain floats are those of a widened page.
struct F32 {
  float value;
};
struct F16 {
  uint16_t bits;
};
struct Bf16 {
  uint16_t bits;
};

template <class Isa>
class AttentionKernel {
 public:
  static void attend(const AttentionTile& tile) { AttentionKernel(tile).run(); }

  static void merge(const AttentionMerge& job) {
    const int64_t columns = job.value_blocks * kBlock;
    float* const total = job.total;
    clear(total, columns);
    for (int64_t i = 0; i < job.ranges; ++i) add_range(total, job.partials + i * job.range_stride, columns);
    divide(job.y, total, job.value_dim, total[columns + 1]);
  }

  static void narrow(uint16_t* out, const float* in, int64_t count, Dtype cache_type) {
    int64_t i = 0;
    if (cache_type == Dtype::f16) {
      for (; i + kLanes <= count; i += kLanes) Isa::store_f16(out + i, Isa::load(in + i));
      for (; i < count; ++i) out[i] = f32_to_f16(in[i]);
    } else {
      for (; i < count; ++i) out[i] = f32_to_bf16(in[i]);
    }
  }

 private:
  using Vec = typename Isa::F;
  static constexpr int kBlock = CacheArrangement::kBlock;
  static constexpr int kPage = CacheArrangement::kPage;
  static constexpr int kLanes = Isa::kLanes;
  static constexpr int kVectors = kBlock / kLanes;   // of a block
  static constexpr int kSums = Isa::kFloatSums;
  static constexpr int kRows = kSums / kVectors < kMostKernelRows ? kSums / kVectors : kMostKernelRows;
  static constexpr float kMinusInfinity = -__builtin_inff();

  // How many blocks a register tile of `rows` rows is wide: enough independent sums to hide the latency of one.
  static constexpr int blocks_for(int rows) {
    return rows * 4 * kVectors <= kSums ? 4 : rows * 2 * kVectors <= kSums ? 2 : 1;
  }

  HADAL_INLINE Vec load(const float* p) { return Isa::load(p); }
  HADAL_INLINE Vec load(const F32* p) { return Isa::load(&p->value); }
  HADAL_INLINE Vec load(const F16* p) { return Isa::load_f16(&p->bits); }
  HADAL_INLINE Vec load(const Bf16* p) { return Isa::load_bf16(&p->bits); }
  HADAL_INLINE Vec load(const int8_t* p) { return Isa::to_float(Isa::load_int8(reinterpret_cast<const uint8_t*>(p))); }

  // What comes from memory is fetched while what lies before it is worked on: pages are too short for the hardware to
  // see a pattern (one token at depth 4096: 1.2x with 2 heads of 128, 1.45x with 3 of 64).
  template <int Blocks, class Element>
  HADAL_INLINE void prefetch(const Element* ahead, int64_t i) {
    if constexpr (!std::is_same_v<Element, float>) Isa::prefetch(ahead + i * Blocks * kBlock);
  }

  // scores[r][position] = q[r] · key[position], over `Blocks` blocks of 16 positions. ahead: what will be read next.
  template <int Rows, int Blocks, class Element>
  static void score_blocks(const float* q, int64_t key_dim, const Element* keys, const Element* ahead, float* scores) {
    Vec sum[Rows][Blocks * kVectors];
    HADAL_UNROLL
    for (int r = 0; r < Rows; ++r) {
      HADAL_UNROLL
      for (int j = 0; j < Blocks * kVectors; ++j) sum[r][j] = Isa::zero();
    }
    const Element* key = keys;
    for (int64_t k = 0; k < key_dim; ++k, key += kBlock) {
      prefetch<Blocks>(ahead, k);
      Vec column[Blocks * kVectors];
      HADAL_UNROLL
      for (int b = 0; b < Blocks; ++b) {
        HADAL_UNROLL
        for (int v = 0; v < kVectors; ++v) column[b * kVectors + v] = load(key + b * key_dim * kBlock + v * kLanes);
      }
      HADAL_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const Vec x = Isa::set1(q[r * key_dim + k]);
        HADAL_UNROLL
        for (int j = 0; j < Blocks * kVectors; ++j) sum[r][j] = Isa::fma(x, column[j], sum[r][j]);
      }
    }
    HADAL_UNROLL
    for (int r = 0; r < Rows; ++r) {
      HADAL_UNROLL
      for (int j = 0; j < Blocks * kVectors; ++j) Isa::store(scores + r * kPage + j * kLanes, sum[r][j]);
    }
  }

  // ahead: what will be read after all of them.
  template <int Rows, class Element>
  static void score_rows(const float* q, int64_t key_dim, const Element* keys, int64_t blocks, const Element* ahead,
                         float* scores) {
    constexpr int kWide = blocks_for(Rows);
    const auto block = [&](int64_t b) { return b < blocks ? keys + b * key_dim * kBlock : ahead; };
    int64_t b = 0;
    for (; b + kWide <= blocks; b += kWide)
      score_blocks<Rows, kWide>(q, key_dim, block(b), block(b + kWide), scores + b * kBlock);
    if constexpr (kWide > 1) {
      for (; b < blocks; ++b)
        score_blocks<Rows, 1>(q, key_dim, block(b), block(b + 1), scores + b * kBlock);
    }
  }

  // sums[r] = sums[r] * rescale[r] + sum over positions [begin, end) of weights[r][position] * value[position].
  template <int Rows, int Blocks, class Element>
  static void weigh_blocks(const float* weights, const float* rescale, const Element* values, const Element* ahead, int64_t begin,
                           int64_t end, float* sums, int64_t stride) {
    Vec sum[Rows][Blocks * kVectors];
    HADAL_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const Vec factor = Isa::set1(rescale[r]);
      HADAL_UNROLL
      for (int j = 0; j < Blocks * kVectors; ++j)
        sum[r][j] = Isa::mul(Isa::load(sums + r * stride + j * kLanes), factor);
    }
    for (int64_t position = begin; position < end; ++position) {
      prefetch<Blocks>(ahead, position);
      Vec value[Blocks * kVectors];
      HADAL_UNROLL
      for (int b = 0; b < Blocks; ++b) {
        HADAL_UNROLL
        for (int v = 0; v < kVectors; ++v)
          value[b * kVectors + v] = load(values + (b * kPage + position) * kBlock + v * kLanes);
      }
      HADAL_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const Vec weight = Isa::set1(weights[r * kPage + position]);
        HADAL_UNROLL
        for (int j = 0; j < Blocks * kVectors; ++j) sum[r][j] = Isa::fma(weight, value[j], sum[r][j]);
      }
    }
    HADAL_UNROLL
    for (int r = 0; r < Rows; ++r) {
      HADAL_UNROLL
      for (int j = 0; j < Blocks * kVectors; ++j) Isa::store(sums + r * stride + j * kLanes, sum[r][j]);
    }
  }

  template <int Rows, class Element>
  static void weigh_rows(const float* weights, const float* rescale, const Element* values, const Element* ahead,
                         int64_t begin, int64_t end, float* sums, int64_t blocks) {
    constexpr int kWide = blocks_for(Rows);
    const int64_t stride = partial_stride(blocks);
    const auto block = [&](int64_t b) { return b < blocks ? values + b * kPage * kBlock : ahead; };
    int64_t b = 0;
    for (; b + kWide <= blocks; b += kWide)
      weigh_blocks<Rows, kWide>(weights, rescale, block(b), block(b + kWide), begin, end, sums + b * kBlock, stride);
    if constexpr (kWide > 1) {
      for (; b < blocks; ++b)
        weigh_blocks<Rows, 1>(weights, rescale, block(b), block(b + 1), begin, end, sums + b * kBlock, stride);
    }
  }

  template <class Element>
  struct RowKernels {
    using Score = void (*)(const float*, int64_t, const Element*, int64_t, const Element*, float*);
    using Weigh = void (*)(const float*, const float*, const Element*, const Element*, int64_t, int64_t, float*, int64_t);
    struct Table {
      Score score[kRows];
      Weigh weigh[kRows];
    };
    template <int... I>
    static constexpr Table make(std::integer_sequence<int, I...>) {
      return {{&score_rows<I + 1, Element>...}, {&weigh_rows<I + 1, Element>...}};
    }
    static constexpr Table for_height = make(std::make_integer_sequence<int, kRows>());
  };

  static void clear(float* row, int64_t columns) {
    for (int64_t i = 0; i < columns; i += kLanes) Isa::store(row + i, Isa::zero());
    row[columns] = kMinusInfinity;
    row[columns + 1] = 0;
  }

  // total and range are rows as in AttentionTile::partials.
  static void add_range(float* total, const float* range, int64_t columns) {
    const float old_max = total[columns], max = range[columns];
    const float new_max = old_max > max ? old_max : max;
    const float keep = exp2_of(old_max - new_max), take = exp2_of(max - new_max);
    const Vec keeps = Isa::set1(keep), takes = Isa::set1(take);
    for (int64_t i = 0; i < columns; i += kLanes)
      Isa::store(total + i, Isa::fma(Isa::load(range + i), takes, Isa::mul(Isa::load(total + i), keeps)));
    total[columns] = new_max;
    total[columns + 1] = total[columns + 1] * keep + range[columns + 1] * take;
  }

  static void divide(float* y, const float* sums, int64_t value_dim, float sum_of_weights) {
    const float inverse = 1.0f / sum_of_weights;
    const Vec factor = Isa::set1(inverse);
    int64_t i = 0;
    for (; i + kLanes <= value_dim; i += kLanes) Isa::store(y + i, Isa::mul(Isa::load(sums + i), factor));
    for (; i < value_dim; ++i) y[i] = sums[i] * inverse;
  }

  static float exp2_of(float x) {
    float lanes[kLanes];
    Isa::store(lanes, exp2_of_negative<Isa>(Isa::set1(x)));
    return lanes[0];
  }

  explicit AttentionKernel(const AttentionTile& tile)
      : tile_(tile), columns_(tile.arrangement.value_blocks * kBlock), stride_(partial_stride(tile.arrangement.value_blocks)) {
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
    const bool widen = tile_.cache_type == Dtype::q8_0 || (tile_.cache_type != Dtype::f32 && rows > kRows);
    for (int64_t page = tile_.first_page; page < tile_.end_page; ++page) {
      const int64_t first_token = page * kPage > tile_.position ? page * kPage - tile_.position : 0;
      if (first_token >= tile_.tokens) break;
      if (whole && page > tile_.first_page) end_ranges(page, first_token);
      if (widen) {
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
      if (page % range_pages(tile_.position + t) != 0) continue;
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
      if (num_ranges(tile_.position + t) > 1) {
        add_range(totals_ + r * stride_, row, columns_);
        row = totals_ + r * stride_;
      }
      divide(tile_.y + t * tile_.y_stride + (r % tile_.group) * tile_.value_dim, row, tile_.value_dim, row[columns_ + 1]);
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
  void run_rows(int64_t page, int64_t row, int height, const Element* keys, const Element* values, const Element* next) {
    // How many positions of the page a row may see; the later the row, the more.
    const auto count_of = [&](int i) {
      const int64_t count = tile_.position + (row + i) / tile_.group + 1 - page * kPage;
      return count < kPage ? count : kPage;
    };
    const int64_t blocks = (count_of(height - 1) + kBlock - 1) / kBlock;
    RowKernels<Element>::for_height.score[height - 1](q_ + row * tile_.key_dim, tile_.key_dim, keys, blocks, values,
                                                     scores_);
    float rescale[kRows] = {};
    for (int i = 0; i < height; ++i) rescale[i] = soften(scores_ + i * kPage, count_of(i), sums_ + (row + i) * stride_);

    // A row never multiplies a position it may not see: what lies there may be infinite.
    const int64_t common = count_of(0), blocks_of_values = tile_.arrangement.value_blocks;
    float* const sums = sums_ + row * stride_;
    constexpr float kOne = 1;
    RowKernels<Element>::for_height.weigh[height - 1](scores_, rescale, values, next, 0, common, sums,
                                                     blocks_of_values);
    for (int i = 1; i < height; ++i) {
      if (const int64_t count = count_of(i); count > common)
        RowKernels<Element>::for_height.weigh[0](scores_ + i * kPage, &kOne, values, values, common, count,
                                                 sums + i * stride_, blocks_of_values);
    }
  }

  // Turns `count` scores into weights relative to the row's new maximum; returns what the old sums must be times.
  float soften(float* scores, int64_t count, float* row) {
    const int64_t end = (count + kBlock - 1) / kBlock * kBlock;
    for (int64_t i = count; i < end; ++i) scores[i] = kMinusInfinity;
    Vec max = Isa::load(scores);
    for (int64_t i = kLanes; i < end; i += kLanes) max = Isa::max(max, Isa::load(scores + i));
    const float old_max = row[columns_], page_max = Isa::max_lane(max);
    const float new_max = old_max > page_max ? old_max : page_max;
    const Vec shift = Isa::set1(new_max);
    Vec sum = Isa::zero();
    for (int64_t i = 0; i < end; i += kLanes) {
      const Vec weight = exp2_of_negative<Isa>(Isa::sub(Isa::load(scores + i), shift));
      Isa::store(scores + i, weight);
      sum = Isa::add(sum, weight);
    }
    const float rescale = old_max == new_max ? 1.0f : exp2_of(old_max - new_max);
    row[columns_] = new_max;
    row[columns_ + 1] = row[columns_ + 1] * rescale + Isa::sum(sum);
    return rescale;
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
      widen_scaled_keys(reinterpret_cast<const int8_t*>(head), reinterpret_cast<const float*>(head + a.key_scales));
      widen_scaled_values(reinterpret_cast<const int8_t*>(head + a.values),
                          reinterpret_cast<const float*>(head + a.value_scales));
    }
  }

  template <class Element>
  static void widen(float* out, const Element* in, int64_t count) {
    for (int64_t i = 0; i < count; i += kLanes) Isa::store(out + i, load(in + i));
  }

  void widen_scaled_keys(const int8_t* in, const float* scales) {
    for (int64_t b = 0; b < kPage / kBlock; ++b) {
      for (int64_t k = 0; k < tile_.key_dim; ++k) {
        const float* const scale = scales + k / CacheArrangement::kScaleGroup * kPage + b * kBlock;
        const int64_t at = (b * tile_.key_dim + k) * kBlock;
        for (int v = 0; v < kBlock; v += kLanes)
          Isa::store(keys_ + at + v, Isa::mul(load(in + at + v), Isa::load(scale + v)));
      }
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
