// DeepSeek-V2, V2-Lite, V2.5, Coder-V2 (arXiv 2405.04434); V3, R1, V3.1 (arXiv 2412.19437); with an indexer V3.2: multi-head
// latent attention, and experts whose routing the config names.
#include <cmath>

#include "core/status.hpp"
#include "models/architectures.hpp"
#include "models/decoder.hpp"
#include "models/rope_frequencies.hpp"

namespace hadal {
namespace {

constexpr float kLatentNormEps = 1e-6f;   // the published code's own, whatever rms_norm_eps says
constexpr float kIndexNormEps = 1e-6f;

// The positions each token attends to: DeepSeek-V3.2-Exp, section 2.1. The Hadamard transform before rounding to fp8 is
// left out, as nothing is rounded: it changes no dot product.
Value lightning_indexer(Graph& g, const Config& c, const Binder& file, const Rotation& r, Value x, Value q_latent) {
  const MlaConfig& m = c.mla;
  const auto rotate = [&](Value heads) { return g.rope(heads, r.table, m.index_head_dim, m.qk_rope_head_dim, false); };
  const Graph::Linear wq_b = file.linear("wq_b", m.index_n_heads * m.index_head_dim, m.q_lora_rank);
  const Graph::Linear wk = file.linear("wk", m.index_head_dim, c.hidden_size);
  const Weight& k_norm = file.vector("k_norm", m.index_head_dim);
  const Weight& k_norm_bias = file.bare_vector("k_norm.bias", m.index_head_dim);
  const Graph::Linear weights_proj = file.linear("weights_proj", m.index_n_heads, c.hidden_size);

  const Value q = rotate(g.linear(q_latent, wq_b));
  const Value k = rotate(g.layer_norm(g.linear(x, wk), k_norm, &k_norm_bias, kIndexNormEps));
  const CacheSlot keys = g.shared_cache_slot(m.index_head_dim, 0);
  const float scale = float(1.0 / std::sqrt(double(m.index_n_heads * m.index_head_dim)));
  return g.index_select(q, g.linear(x, weights_proj), g.append(keys, k), m.index_n_heads, m.index_topk, scale);
}

Value attention(Graph& g, const Config& c, const Binder& file, const Rotation& r, Value x) {
  const MlaConfig& m = c.mla;
  const int64_t head_dim = m.qk_nope_head_dim + m.qk_rope_head_dim;
  const int64_t latent_dim = m.kv_lora_rank + m.qk_rope_head_dim;
  const int64_t q_dim = c.num_attention_heads * head_dim;

  Value q, q_latent;
  if (m.q_lora_rank > 0) {
    const Graph::Linear q_a_proj = file.linear("q_a_proj", m.q_lora_rank, c.hidden_size, c.o_bias);
    const Weight& q_a_layernorm = file.vector("q_a_layernorm", m.q_lora_rank);
    const Graph::Linear q_b_proj = file.linear("q_b_proj", q_dim, m.q_lora_rank);
    q_latent = g.rms_norm(g.linear(x, q_a_proj), q_a_layernorm, kLatentNormEps);
    q = g.linear(q_latent, q_b_proj);
  } else {
    q = g.linear(x, file.linear("q_proj", q_dim, c.hidden_size));
  }
  q = g.rope(q, r.table, head_dim, m.qk_rope_head_dim, true, m.qk_nope_head_dim);

  // One row per token for all heads: its first part normalised, its last rotated.
  const Graph::Linear kv_a_proj = file.linear("kv_a_proj_with_mqa", latent_dim, c.hidden_size, c.o_bias);
  const Weight& kv_a_layernorm = file.vector("kv_a_layernorm", m.kv_lora_rank);
  Value latent = g.rms_norm(g.linear(x, kv_a_proj), kv_a_layernorm, kLatentNormEps, latent_dim);
  latent = g.rope(latent, r.table, latent_dim, m.qk_rope_head_dim, true, m.kv_lora_rank);
  const Value cached = g.append(g.shared_cache_slot(latent_dim, m.kv_lora_rank), latent);

  const Graph::LatentHeads heads =
      file.latent_heads(c.num_attention_heads, m.qk_nope_head_dim, m.v_head_dim, m.kv_lora_rank);
  const Graph::Linear o_proj =
      file.linear("o_proj", c.hidden_size, c.num_attention_heads * m.v_head_dim, c.o_bias);
  Value selected;
  if (m.index_topk > 0) selected = lightning_indexer(g, c, file.at("indexer"), r, x, q_latent);
  const double scale = yarn_softmax_factor(c.rope_scaling) / std::sqrt(double(head_dim));
  return g.linear(g.latent_attention(q, cached, heads, float(scale), selected), o_proj);
}

}  // namespace

void build_deepseek_v2(TextModel& model) {
  if (model.config.mla.kv_lora_rank <= 0)
    throw Error(Status::corrupt, "config kv_lora_rank: expected a number above 0, found none");
  record_decoder(model, attention);
}

}  // namespace hadal
