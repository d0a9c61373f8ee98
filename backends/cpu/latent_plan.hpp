// How a latent_attention node is cut: which tokens share the heads' matrices, which ranges of positions are tasks of
// their own, where the scratch lies.
//
// A sequence that feeds a few tokens is cut by heads and ranges of positions: stage 0 takes its queries to the latent
// space, stage 1 attends, stage 2 merges the ranges and applies W_v. Those of all such sequences go through a head's
// matrices together. A longer piece is cut into tiles of tokens by heads, which do all three by themselves in stage 1.
// No number depends on which of the two it is.
#pragma once

#include <algorithm>

#include "backends/cpu/attention.hpp"
#include "backends/cpu/op.hpp"

namespace hadal::cpu {

// What all tiles of a node have in common.
struct LatentShape {
  LatentShape(const Node& node, const CpuConfig& config);

  LatentAttentionAttributes attributes;
  CacheArrangement arrangement;
  int64_t heads, rank, key_dim;
  int64_t query_cols() const { return attributes.nope_dim + attributes.rope_dim(); }
  int64_t partial_floats() const { return partial_stride(arrangement.value_blocks); }
};

// Rows of a tile: the queries, sums and keys of a page share an L2 cache of 512 KB (V2-Lite: 430 KB).
inline constexpr int64_t kLatentTileRows = 64;
// The most tokens of a sequence that are cut by heads and ranges.
inline constexpr int64_t kLatentFewTokens = 8;
// Unfinished rows per head that the scratch has room for: 128 tokens, or 8 in 16 ranges each.
inline constexpr int64_t kLatentPartials = 128;

// Some consecutive tokens of one sequence that see the same kind of positions.
struct LatentShare {
  const BatchSequence* sequence;
  int64_t first;         // token of the batch
  int64_t tokens;
  int64_t position;      // of the first token, or its selected positions less one
  bool sparse;           // each token sees the positions selected for it
  const float* selected; // if sparse and few: of the only token
  bool few;
  int64_t few_token;     // number of the first token among those of few-token shares
  int64_t ranges;        // tasks per tile: 1, or all ranges of the positions
  int64_t partial;       // first of its `ranges * tokens` partial rows per head
  int64_t tile_tokens, tile_heads;
  int64_t token_tiles, head_tiles;

  int64_t units() const { return token_tiles * head_tiles * ranges; }
};

// Calls visit(const LatentShare&) for each share of the batch, in token order.
class LatentShares {
 public:
  LatentShares(const NodeContext& context, const LatentShape& shape);

  template <class Visit>
  void for_each(Visit&& visit) const {
    int64_t few = 0, partials = 0, spare = spare_;
    for (const BatchSequence& sequence : context_.batch.sequences) {
      const bool sparse = is_sparse(sequence), together = is_few(sequence, few);
      const int64_t step = sparse && together ? 1 : sequence.num_tokens;
      for (int64_t t = 0; t < sequence.num_tokens; t += step) {
        LatentShare share = share_of(sequence, t, step, sparse, together);
        if (together) {
          take_ranges(share, spare);
          share.few_token = few;
          share.partial = partials;
          few += share.tokens;
          partials += share.tokens * share.ranges;
        }
        visit(share);
      }
    }
  }

  int64_t few_tokens() const { return few_tokens_; }
  int64_t units() const { return units_; }
  // Positions of all tokens, roughly.
  int64_t work() const { return work_; }

 private:
  static bool is_few(const BatchSequence& sequence, int64_t few_before) {
    return sequence.num_tokens <= kLatentFewTokens && few_before + sequence.num_tokens <= kLatentPartials;
  }
  bool is_sparse(const BatchSequence& sequence) const;
  LatentShare share_of(const BatchSequence& sequence, int64_t first, int64_t tokens, bool sparse, bool few) const;
  static void take_ranges(LatentShare& share, int64_t& spare);

  const NodeContext& context_;
  const LatentShape& shape_;
  int64_t few_tokens_ = 0, units_ = 0, work_ = 0;
  int64_t top_k_ = 0;   // columns of `selected`, 0 without
  int64_t spare_ = 0;   // partial rows beyond one for each few token
};

// Floats of a node's scratch.
struct LatentScratch {
  LatentScratch(const LatentShape& shape, int64_t tokens);
  int64_t queries = 0;    // of few tokens: [few token][heads][key_dim]
  int64_t partials = 0;   // [partial row][heads][partial_stride]
  int64_t workers = 0;
  // Of one worker.
  int64_t tile_queries = 0, tile_sums = 0, products = 0, kernel = 0;
  int64_t worker_floats = 0;
};

// The positions of `selected` in a row of top_k; at least 1.
int64_t num_selected(const float* selected, int64_t top_k);

}  // namespace hadal::cpu
