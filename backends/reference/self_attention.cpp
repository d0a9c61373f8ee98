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

// y = Σ_j softmax_j(scale * q · k[j]) v[j] over the tokens j of the token's own sequence, j up to itself if causal.
// Query head h reads kv head h / (heads / kv_heads).
// q: [tokens, heads * key_dim]; k: [tokens, kv_heads * key_dim]; v: [tokens, kv_heads * value_dim];
// y: [tokens, heads * value_dim]; sums: [value_dim], scratch. One token.
void self_attention(Tensor y, Tensor q, Tensor k, Tensor v, const SelfAttentionAttributes& a, const Batch& batch,
                    int64_t token, double* sums) {
  const BatchSequence& sequence = sequence_of(batch, token);
  const int64_t begin = sequence.first_token, end = a.causal ? token + 1 : begin + sequence.num_tokens;
  for (int64_t h = 0; h < a.heads; ++h) {
    const int64_t kv_head = h / (a.heads / a.kv_heads);
    const float* query = q.row<const float>(token).data() + h * a.key_dim;
    const auto score_of = [&](int64_t j) {
      return score(query, k.row<const float>(j).data() + kv_head * a.key_dim, a.key_dim, a.scale);
    };
    double highest = -std::numeric_limits<double>::infinity();
    for (int64_t j = begin; j < end; ++j) highest = std::max(highest, score_of(j));

    double total = 0;
    std::fill(sums, sums + a.value_dim, 0.0);
    for (int64_t j = begin; j < end; ++j) {
      const float* value = v.row<const float>(j).data() + kv_head * a.value_dim;
      const double share = std::exp(score_of(j) - highest);
      total += share;
      for (int64_t i = 0; i < a.value_dim; ++i) sums[i] += share * value[i];
    }
    float* out = y.row<float>(token).data() + h * a.value_dim;
    for (int64_t i = 0; i < a.value_dim; ++i) out[i] = float(sums[i] / total);
  }
}

}  // namespace hadal::reference
