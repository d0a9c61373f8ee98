#include <algorithm>

#include "backends/reference/cache_page.hpp"
#include "backends/reference/ops.hpp"

namespace hadal::reference {

// The top_k positions with the largest I = scale * Σ_h w_h relu(q_h · k) (DeepSeek-V3.2-Exp, section 2.1, without the
// rounding to fp8). q: [tokens, heads * key_dim]; w: [tokens, heads]; y: [tokens, top_k]. One token. best: [top_k].
void index_select(Tensor y, Tensor q, Tensor w, const IndexAttributes& a, const Batch& batch, const CacheLayout& cache,
                  int64_t token, ScoredPosition* best) {
  const BatchSequence& sequence = sequence_of(batch, token);
  const int64_t last = batch.positions[size_t(token)], dim = a.slot.key_dim;
  const auto better = [](const ScoredPosition& x, const ScoredPosition& z) {
    return x.score != z.score ? x.score > z.score : x.position < z.position;
  };
  int64_t count = 0;
  for (int64_t p = 0; p <= last; ++p) {
    const float* const key = cache_row(sequence, cache, a.slot, p).keys;
    double score = 0;
    for (int64_t h = 0; h < a.heads; ++h) {
      const float* const query = q.row<const float>(token).data() + h * dim;
      double dot = 0;
      for (int64_t i = 0; i < dim; ++i) dot += double(query[i]) * key[i];
      score += w.row<const float>(token)[size_t(h)] * std::max(dot, 0.0);
    }
    const ScoredPosition candidate{score * a.scale, p};
    if (count < a.top_k) {
      best[count++] = candidate;
      std::push_heap(best, best + count, better);
    } else if (better(candidate, best[0])) {   // the heap's front is the worst of the best
      std::pop_heap(best, best + count, better);
      best[count - 1] = candidate;
      std::push_heap(best, best + count, better);
    }
  }
  std::sort(best, best + count, [](const auto& x, const auto& z) { return x.position < z.position; });
  const auto out = y.row<float>(token);
  std::fill(out.begin(), out.end(), -1.0f);
  for (int64_t i = 0; i < count; ++i) out[size_t(i)] = float(best[i].position);
}

}  // namespace hadal::reference
