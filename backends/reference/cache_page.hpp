// How the reference arranges one slot of a cache page, all f32:
//   keys   [kPageTokens, kv_heads, key_dim]
//   values [kPageTokens, kv_heads, value_dim], unless they lie in the keys
#pragma once

#include <cstddef>
#include <cstdint>

#include "graph/batch.hpp"

namespace hadal::reference {

inline size_t slot_bytes(const CacheSlot& slot) {
  const int64_t stored = slot.key_dim + (slot.values_in_keys ? 0 : slot.value_dim);
  return size_t(CacheLayout::kPageTokens * slot.kv_heads * stored) * sizeof(float);
}

struct CacheRow {
  float* keys;     // [kv_heads, key_dim]
  float* values;   // [kv_heads, value_dim]
};

inline CacheRow cache_row(const BatchSequence& sequence, const CacheLayout& cache, const CacheSlot& slot,
                          int64_t position) {
  std::byte* page = sequence.pages[size_t(position / CacheLayout::kPageTokens)];
  float* keys = reinterpret_cast<float*>(page + cache.offsets[size_t(slot.index)]);
  float* values = keys + CacheLayout::kPageTokens * slot.kv_heads * slot.key_dim;
  const int64_t place = position % CacheLayout::kPageTokens;
  return {keys + place * slot.kv_heads * slot.key_dim, values + place * slot.kv_heads * slot.value_dim};
}

inline const BatchSequence& sequence_of(const Batch& batch, int64_t token) {
  size_t s = 0;
  while (token >= batch.sequences[s].first_token + batch.sequences[s].num_tokens) ++s;
  return batch.sequences[s];
}

}  // namespace hadal::reference
