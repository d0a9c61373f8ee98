// How one slot (layer) lies inside a cache page of 64 positions. For each kv head its keys, then its values:
//
//   keys    [64 / 16][key_dim][16 positions]                a key's components are 16 elements apart
//   values  [ceil(value_dim / 16)][64 positions][16]        columns beyond value_dim are never used
//
// so that both products of attention read whole vectors in ascending order. Elements are f32, f16 or bf16. With q8_0
// they are int8, and each head's keys and values are followed by one f32 scale per position and group of 32
// components:
//
//   key scales [ceil(key_dim / 32)][64], value scales [ceil(value_dim / 32)][64]
//
// where scale = (largest magnitude of the group) / 127 and value = int8 * scale.
//
// A slot whose values lie in its keys has one row per position, read whole by every head and, by sparse attention, at
// single positions:
//
//   rows    [64 positions][key_dim], with q8_0 followed by scales [64][ceil(key_dim / 32)]
//
// One without values (an indexer's keys) is arranged as the keys of other slots.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.hpp"
#include "graph/batch.hpp"

namespace hadal::cpu {

struct CacheArrangement {
  static constexpr int64_t kPage = CacheLayout::kPageTokens;
  static constexpr int64_t kBlock = 16;
  static constexpr int64_t kScaleGroup = 32;

  int64_t key_blocks = kPage / kBlock;
  int64_t value_blocks = 0;
  int64_t key_groups = 0;     // scales per key; 0 unless q8_0
  int64_t value_groups = 0;
  size_t values = 0;          // offsets from the head's keys, in bytes, multiples of 64
  size_t key_scales = 0;
  size_t value_scales = 0;
  size_t head_bytes = 0;
  size_t row_bytes = 0;       // of a position, where values lie in keys; otherwise 0
};

CacheArrangement arrangement_of(const CacheSlot& slot, Dtype cache_type);

}  // namespace hadal::cpu
