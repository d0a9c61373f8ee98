#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/reference/cache_page.hpp"
#include "backends/reference/ops.hpp"

namespace hadal::reference {
namespace {

double score(const float* query, const float* key, int64_t key_dim, float scale) {
  double sum = 0;
  for (int64_t i = 0; i < key_dim; ++i) sum += double(query[i]) * key[i];
  return sum * scale;
}

}  // namespace

// y = Σ_p softmax_p(scale * q · k[p]) v[p] over positions p = 0 .. the token's own, of its own sequence.
// Query head h reads kv head h / (heads / kv_heads) (Ainslie et al. 2023).
// q: [tokens, heads * key_dim]; y: [tokens, heads * value_dim]; sums: [value_dim], scratch. One token.
// The scores are computed twice, once for their maximum, rather than kept: a context has no bound here.
void attention(Tensor y, Tensor q, const AttentionAttributes& attributes, const Batch& batch, const CacheLayout& cache,
               int64_t token, double* sums) {
  const CacheSlot& slot = attributes.slot;
  const BatchSequence& sequence = sequence_of(batch, token);
  const int64_t last = batch.positions[size_t(token)];
  for (int64_t h = 0; h < attributes.heads; ++h) {
    const int64_t kv_head = h / (attributes.heads / slot.kv_heads);
    const float* query = q.row<const float>(token).data() + h * slot.key_dim;

    double highest = -std::numeric_limits<double>::infinity();
    for (int64_t p = 0; p <= last; ++p) {
      const float* key = cache_row(sequence, cache, slot, p).keys + kv_head * slot.key_dim;
      highest = std::max(highest, score(query, key, slot.key_dim, attributes.scale));
    }

    double total = 0;
    std::fill(sums, sums + slot.value_dim, 0.0);
    for (int64_t p = 0; p <= last; ++p) {
      const CacheRow row = cache_row(sequence, cache, slot, p);
      const float* key = row.keys + kv_head * slot.key_dim;
      const float* value = row.values + kv_head * slot.value_dim;
      const double share = std::exp(score(query, key, slot.key_dim, attributes.scale) - highest);
      total += share;
      for (int64_t i = 0; i < slot.value_dim; ++i) sums[i] += share * value[i];
    }
    float* out = y.row<float>(token).data() + h * slot.value_dim;
    for (int64_t i = 0; i < slot.value_dim; ++i) out[i] = float(sums[i] / total);
  }
}

}  // namespace hadal::reference
