// What one run of a graph works on: tokens of several sequences side by side, each with its own cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/node.hpp"

namespace hadal {

// How a cache page is divided. A page holds page_tokens consecutive positions of one sequence for all slots (layers).
// How a slot's bytes are arranged inside is the backend's own business.
struct CacheLayout {
  static constexpr int64_t kPageTokens = 64;
  std::vector<CacheSlot> slots;
  std::vector<size_t> offsets;   // of each slot in a page; multiples of 64
  size_t page_bytes = 0;
};

// One sequence's share of a run: tokens [first_token, first_token + num_tokens) of the batch, at positions
// position, position + 1, ...; pages covers positions 0 .. position + num_tokens - 1.
struct BatchSequence {
  int64_t first_token = 0;
  int64_t num_tokens = 0;
  int64_t position = 0;
  std::span<std::byte* const> pages;
};

struct Batch {
  std::span<const int32_t> tokens;          // ids, checked against the vocabulary
  std::span<const int32_t> positions;       // of each token
  std::span<const BatchSequence> sequences; // in token order, without gaps
  std::span<const int32_t> output_rows;     // ascending token numbers whose logits are wanted
  const float* input = nullptr;             // [tokens, cols] of the graph's input node, where it has one
  std::span<const int32_t> types = {};      // of each token, for models that tell two texts apart; empty: all 0

  // The row of an embedding table that token t is.
  int64_t table_row(const Node& embed, size_t t) const {
    const auto* how = std::get_if<EmbedAttributes>(&embed.attributes);
    if (!how || how->index == EmbedAttributes::Index::tokens) return tokens[t];
    if (how->index == EmbedAttributes::Index::positions) return positions[t] + how->first;
    return types.empty() ? 0 : types[t];
  }

  Sizes sizes() const { return {int64_t(tokens.size()), int64_t(output_rows.size())}; }
};

}  // namespace hadal
