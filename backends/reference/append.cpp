#include <algorithm>

#include "backends/reference/cache_page.hpp"
#include "backends/reference/ops.hpp"

namespace hadal::reference {

// Writes keys and values of each token into its sequence's cache, at the token's position.
// k: [tokens, kv_heads * key_dim]; v: [tokens, kv_heads * value_dim], without data if the values lie in the keys.
void append(Tensor k, Tensor v, const CacheSlot& slot, const Batch& batch, const CacheLayout& cache) {
  for (int64_t t = 0; t < k.rows; ++t) {
    const CacheRow row = cache_row(sequence_of(batch, t), cache, slot, batch.positions[size_t(t)]);
    const auto keys = k.row<const float>(t);
    std::copy(keys.begin(), keys.end(), row.keys);
    if (slot.values_in_keys) continue;
    const auto values = v.row<const float>(t);
    std::copy(values.begin(), values.end(), row.values);
  }
}

}  // namespace hadal::reference
