// What the dense decoders share: x = x + attention(norm(x)); x = x + feed_forward(norm(x)), from embedding to logits.
#pragma once

#include "models/binder.hpp"
#include "models/config.hpp"

namespace hadal {

// The rotation of the run's positions, recorded once and used by every layer.
struct Rotation {
  Value table;
  int64_t rotary_dim;
  bool interleaved;
};

struct AttentionWeights {
  Graph::Linear q_proj, k_proj, v_proj, o_proj;
};
AttentionWeights bind_attention(const Binder& file, const Config& c);

struct MlpWeights {
  Graph::Linear gate_proj, up_proj, down_proj;
};
MlpWeights bind_mlp(const Binder& file, const Config& c, int64_t intermediate_size);

// SwiGLU, arXiv 2002.05202: W_down(silu(W_gate x) * W_up x).
Value feed_forward(Graph& g, const MlpWeights& w, Value x);

// Causal attention with grouped key-value heads (arXiv 2305.13245): q [tokens, num_attention_heads * head_dim],
// k and v [tokens, num_key_value_heads * head_dim], q and k already rotated.
Value grouped_query_attention(Graph& g, const Config& c, Value q, Value k, Value v);

// Records embedding, blocks, final norm and head. attention records one layer's self-attention of the normalised x,
// bound from `file`, which stands at the layer's self_attn. The feed-forward is that of experts in the layers whose
// number says so (MoeConfig::at).
using RecordAttention = Value (*)(Graph& g, const Config& c, const Binder& file, const Rotation& rotation, Value x);
void record_decoder(TextModel& model, RecordAttention attention);

}  // namespace hadal
