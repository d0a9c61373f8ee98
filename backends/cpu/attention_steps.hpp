// What every attention kernel does with a page, written once over the vocabulary: products of query rows with keys,
// softmax weights, products of weights with values, and rows of sums relative to a maximum. Included after one of the
// isa headers.
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
struct AttentionSteps {
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
  static void weigh_blocks(const float* weights, const float* rescale, const Element* values, const Element* ahead,
                           int64_t begin, int64_t end, float* sums, int64_t stride) {
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

  // The same over `blocks` blocks of values; rows of sums are `stride` floats apart.
  template <int Rows, class Element>
  static void weigh_rows(const float* weights, const float* rescale, const Element* values, const Element* ahead,
                         int64_t begin, int64_t end, float* sums, int64_t stride, int64_t blocks) {
    constexpr int kWide = blocks_for(Rows);
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
    using Weigh = void (*)(const float*, const float*, const Element*, const Element*, int64_t, int64_t, float*,
                           int64_t, int64_t);
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

  template <class Element>
  static void widen(float* out, const Element* in, int64_t count) {
    for (int64_t i = 0; i < count; i += kLanes) Isa::store(out + i, load(in + i));
  }

  static void widen_scaled_keys(float* out, const int8_t* in, const float* scales, int64_t key_dim) {
    for (int64_t b = 0; b < kPage / kBlock; ++b) {
      for (int64_t k = 0; k < key_dim; ++k) {
        const float* const scale = scales + k / CacheArrangement::kScaleGroup * kPage + b * kBlock;
        const int64_t at = (b * key_dim + k) * kBlock;
        for (int v = 0; v < kBlock; v += kLanes)
          Isa::store(out + at + v, Isa::mul(load(in + at + v), Isa::load(scale + v)));
      }
    }
  }

  // Turns `count` scores into weights relative to the row's new maximum; returns what the old sums must be times.
  static float soften(float* scores, int64_t count, float* row, int64_t columns) {
    const int64_t end = (count + kBlock - 1) / kBlock * kBlock;
    for (int64_t i = count; i < end; ++i) scores[i] = kMinusInfinity;
    Vec max = Isa::load(scores);
    for (int64_t i = kLanes; i < end; i += kLanes) max = Isa::max(max, Isa::load(scores + i));
    const float old_max = row[columns], page_max = Isa::max_lane(max);
    const float new_max = old_max > page_max ? old_max : page_max;
    const Vec shift = Isa::set1(new_max);
    Vec sum = Isa::zero();
    for (int64_t i = 0; i < end; i += kLanes) {
      const Vec weight = exp2_of_negative<Isa>(Isa::sub(Isa::load(scores + i), shift));
      Isa::store(scores + i, weight);
      sum = Isa::add(sum, weight);
    }
    const float rescale = old_max == new_max ? 1.0f : exp2_of(old_max - new_max);
    row[columns] = new_max;
    row[columns + 1] = row[columns + 1] * rescale + Isa::sum(sum);
    return rescale;
  }

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
};

}  // namespace
}  // namespace hadal::cpu
