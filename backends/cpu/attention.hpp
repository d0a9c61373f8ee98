// The seam between attention.cpp, latent_attention.cpp and index_select.cpp, which cut the work, and the kernels of each instruction set level.
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
  int64_t visible = 0;   // positions that every row sees; 0: each those up to its own
  int64_t first_page;    // pages [first_page, end_page) are read, as far as each row may
  int64_t end_page;
  std::byte* const* pages;
  size_t head_offset;    // of this kv head in a page
  CacheArrangement arrangement;
  Dtype cache_type;
  float* scratch;        // scratch_floats, 64-byte aligned

  int64_t rows() const { return tokens * group; }
};

// Some tokens of one sequence and some heads, over the latent cache (latent_kernel.hpp). A row is one head of one
// token; rows are numbered token by token. The queries' key_dim components are those of a cache row.
struct LatentTile {
  const float* q;        // [tokens][group][key_dim], tokens q_stride floats apart
  float* y;              // [tokens][group][value_dim], tokens y_stride apart; nullptr: write `partials`
  int64_t q_stride;
  int64_t y_stride;
  float* partials;       // row r at r * partial_stride(value_blocks)
  bool one_range;        // the pages are one range of positions; otherwise all from 0 on
  int64_t tokens;
  int64_t group;
  int64_t key_dim;
  int64_t value_dim;
  float scale;
  int64_t position;      // of the first token
  int64_t first_page;    // pages [first_page, end_page) are read, as far as each row may
  int64_t end_page;
  const float* selected; // of one token: the positions it sees, which then count as positions 0, 1, ...; or nullptr
  std::byte* const* pages;
  size_t offset;         // of the slot in a page
  CacheArrangement arrangement;
  Dtype cache_type;
  float* scratch;        // latent_scratch_floats, 64-byte aligned
};

// One page of the indexer's keys for one token: scores[p] = scale * Σ_h w[h] * relu(q[h] · k[p]), p < count.
struct IndexPage {
  const float* q;        // [heads][key_dim]
  const float* w;        // [heads]
  int64_t heads;
  int64_t key_dim;
  float scale;
  const std::byte* keys; // the slot in the page
  CacheArrangement arrangement;
  Dtype cache_type;
  int64_t count;
  float* scores;         // [64]
  float* scratch;        // index_scratch_floats, 64-byte aligned
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
  void (*attend_latent)(const LatentTile& tile);
  void (*index_scores)(const IndexPage& page);
  // append.cpp: f32 to f16 or bf16, to nearest even.
  void (*narrow)(uint16_t* out, const float* in, int64_t count, Dtype cache_type);
};

// Those of a level this machine has.
const AttentionKernels& attention_kernels(Level level);

// Floats of scratch for tiles of at most `rows` rows.
int64_t attention_scratch_floats(int64_t rows, int64_t key_dim, int64_t value_blocks);

int64_t latent_scratch_floats(int64_t rows, int64_t key_dim, int64_t value_blocks);
int64_t index_scratch_floats(int64_t key_dim);

// attention_scalar.cpp, attention_avx2.cpp, attention_avx512.cpp
extern const AttentionKernels kAttentionScalar;
extern const AttentionKernels kAttentionAvx2;
extern const AttentionKernels kAttentionAvx512;

}  // namespace hadal::cpu
