// The seam between attention.cpp, which cuts the work, and the kernels of each instruction set level.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/cpu/cache.hpp"
#include "backends/cpu/level.hpp"

namespace hadal::cpu {

// Softmax sums run over ranges of this many pages, one after the other, and the ranges of a row are then merged in
// ascending order. A row has at most kMostRanges; their length follows from its own position alone, so that its bits
// do not depend on who else is in the batch, and one thread may do several ranges or several threads one each.
inline constexpr int64_t kRangePages = 4;
inline constexpr int64_t kMostRanges = 16;

constexpr int64_t range_pages(int64_t position) {
  const int64_t pages = position / CacheArrangement::kPage + 1;
  int64_t length = kRangePages;
  while (length * kMostRanges < pages) length *= 2;
  return length;
}
constexpr int64_t num_ranges(int64_t position) {
  const int64_t length = range_pages(position), pages = position / CacheArrangement::kPage + 1;
  return (pages + length - 1) / length;
}

// Some tokens of one sequence, the query heads of one kv head, some pages. A row is one query head of one token; rows
// are numbered token by token.
struct AttentionTile {
  const float* q;        // [tokens][group][key_dim], tokens q_stride floats apart
  float* y;              // [tokens][group][value_dim], tokens y_stride apart; nullptr: write `partials`
  int64_t q_stride;
  int64_t y_stride;
  float* partials;       // of this range: row r at r * partial_stride(value_blocks)
  int64_t tokens;
  int64_t group;
  int64_t key_dim;
  int64_t value_dim;
  float scale;
  int64_t position;      // of the first token
  int64_t first_page;    // pages [first_page, end_page) are read, as far as each row may
  int64_t end_page;
  std::byte* const* pages;
  size_t head_offset;    // of this kv head in a page
  CacheArrangement arrangement;
  Dtype cache_type;
  float* scratch;        // scratch_floats, 64-byte aligned

  int64_t rows() const { return tokens * group; }
};

// One unfinished row: sums [value_blocks * 16], then its maximum and its sum of weights, padded.
constexpr int64_t partial_stride(int64_t value_blocks) { return (value_blocks + 1) * CacheArrangement::kBlock; }

struct AttentionMerge {
  const float* partials;   // `ranges` of them, range_stride floats apart
  int64_t range_stride;
  int64_t ranges;
  int64_t value_blocks;
  int64_t value_dim;
  float* y;                // [value_dim]
  float* total;            // scratch, partial_stride
};

// Rows of a register tile, at any level.
inline constexpr int kMostKernelRows = 12;

struct AttentionKernels {
  void (*attend)(const AttentionTile& tile);
  void (*merge)(const AttentionMerge& merge);
  // append.cpp: f32 to f16 or bf16, to nearest even.
  void (*narrow)(uint16_t* out, const float* in, int64_t count, Dtype cache_type);
};

// Those of a level this machine has.
const AttentionKernels& attention_kernels(Level level);

// Floats of scratch for tiles of at most `rows` rows.
int64_t attention_scratch_floats(int64_t rows, int64_t key_dim, int64_t value_blocks);

// attention_scalar.cpp, attention_avx2.cpp, attention_avx512.cpp
extern const AttentionKernels kAttentionScalar;
extern const AttentionKernels kAttentionAvx2;
extern const AttentionKernels kAttentionAvx512;

}  // namespace hadal::cpu
