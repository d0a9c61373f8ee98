#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/reference/cache_page.hpp"
#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

namespace hadal::reference {
namespace {

// q_nope W_k: the query as the latent sees it, [kv_lora_rank].
void absorb(const LatentAttentionAttributes& a, const Weight& k, int64_t head, const float* q_nope, double* query,
            float* weight_row) {
  const int64_t rank = a.kv_lora_rank();
  std::fill(query, query + rank, 0.0);
  for (int64_t r = 0; r < k.rows; ++r) {
    decode_row(k, head, r, weight_row);
    if (a.k_transposed) {
      for (int64_t i = 0; i < a.nope_dim; ++i) query[r] += double(weight_row[i]) * q_nope[i];
    } else {
      for (int64_t i = 0; i < rank; ++i) query[i] += double(weight_row[i]) * q_nope[r];
    }
  }
}

// Calls visit(position) for the positions a token attends to.
template <class Visit>
void for_each_position(const float* selected, int64_t top_k, int64_t last, Visit&& visit) {
  if (!selected) {
    for (int64_t p = 0; p <= last; ++p) visit(p);
    return;
  }
  for (int64_t i = 0; i < top_k && selected[i] >= 0; ++i) visit(int64_t(selected[i]));
}

}  // namespace

// Multi-head latent attention (arXiv 2405.04434, section 2.1 and appendix C), with W_k absorbed into the query and W_v
// applied to the weighted sum: equal to expanding keys and values up to the rounding of doubles.
// q: [tokens, heads * (nope_dim + rope_dim)]; y: [tokens, heads * value_dim]. One token.
// scratch: doubles [2 * kv_lora_rank], floats [the longer row of k and v].
void latent_attention(Tensor y, Tensor q, const Tensor* selected, const LatentHeadWeights& w,
                      const LatentAttentionAttributes& a, const Batch& batch, const CacheLayout& cache, int64_t token,
                      double* scratch, float* weight_row) {
  const BatchSequence& sequence = sequence_of(batch, token);
  const int64_t last = batch.positions[size_t(token)], rank = a.kv_lora_rank(), rope = a.rope_dim();
  const float* const chosen = selected ? selected->row<const float>(token).data() : nullptr;
  const int64_t top_k = selected ? selected->cols : 0;
  double* const query = scratch;
  double* const sums = scratch + rank;
  for (int64_t h = 0; h < a.heads; ++h) {
    const float* const q_head = q.row<const float>(token).data() + h * (a.nope_dim + rope);
    const float* const q_pe = q_head + a.nope_dim;
    absorb(a, w.k, h, q_head, query, weight_row);
    const auto score = [&](const float* row) {
      double sum = 0;
      for (int64_t i = 0; i < rank; ++i) sum += query[i] * row[i];
      for (int64_t i = 0; i < rope; ++i) sum += double(q_pe[i]) * row[rank + i];
      return sum * a.scale;
    };

    double highest = -std::numeric_limits<double>::infinity();
    for_each_position(chosen, top_k, last, [&](int64_t p) {
      highest = std::max(highest, score(cache_row(sequence, cache, a.slot, p).keys));
    });
    double total = 0;
    std::fill(sums, sums + rank, 0.0);
    for_each_position(chosen, top_k, last, [&](int64_t p) {
      const float* const row = cache_row(sequence, cache, a.slot, p).keys;
      const double share = std::exp(score(row) - highest);
      total += share;
      for (int64_t i = 0; i < rank; ++i) sums[i] += share * row[i];
    });

    float* const out = y.row<float>(token).data() + h * a.value_dim;
    for (int64_t v = 0; v < a.value_dim; ++v) {
      decode_row(w.v, h, v, weight_row);
      double sum = 0;
      for (int64_t i = 0; i < rank; ++i) sum += weight_row[i] * sums[i];
      out[v] = float(sum / total);
    }
  }
}

}  // namespace hadal::reference
