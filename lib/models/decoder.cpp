#include "models/decoder.hpp"

#include <cmath>

#include "core/message.hpp"
#include "models/encoder.hpp"
#include "models/mixture_of_experts.hpp"
#include "models/rope_frequencies.hpp"

namespace hadal {

AttentionWeights bind_attention(const Binder& file, const Config& c) {
  const int64_t q_dim = c.num_attention_heads * c.head_dim;
  const int64_t kv_dim = c.num_key_value_heads * c.head_dim;
  return {
      .q_proj = file.linear("q_proj", q_dim, c.hidden_size, c.qkv_bias),
      .k_proj = file.linear("k_proj", kv_dim, c.hidden_size, c.qkv_bias),
      .v_proj = file.linear("v_proj", kv_dim, c.hidden_size, c.qkv_bias),
      .o_proj = file.linear("o_proj", c.hidden_size, q_dim, c.o_bias),
  };
}

MlpWeights bind_mlp(const Binder& file, const Config& c, int64_t intermediate_size) {
  return {
      .gate_proj = file.linear("gate_proj", intermediate_size, c.hidden_size, c.mlp_bias),
      .up_proj = file.linear("up_proj", intermediate_size, c.hidden_size, c.mlp_bias),
      .down_proj = file.linear("down_proj", c.hidden_size, intermediate_size, c.mlp_bias),
  };
}

Value feed_forward(Graph& g, const MlpWeights& w, Value x) {
  const Value gate = g.linear(x, w.gate_proj);
  const Value up = g.linear(x, w.up_proj);
  return g.linear(g.swiglu(gate, up), w.down_proj);
}

Value grouped_query_attention(Graph& g, const Config& c, Value q, Value k, Value v) {
  if (c.pooling != Pooling::none)   // the whole text is one run
    return g.self_attention(q, k, v, c.num_attention_heads, c.num_key_value_heads,
                            float(1.0 / std::sqrt(double(c.head_dim))), true);
  const CacheSlot cache = g.cache_slot(c.num_key_value_heads, c.head_dim, c.head_dim);
  const float scale = float(1.0 / std::sqrt(double(c.head_dim)));
  return g.attention(q, g.append(cache, k, v), c.num_attention_heads, scale);
}

namespace {

// One transformer block on the residual stream x [tokens, hidden_size].
Value block(Graph& g, const Config& c, const Binder& weights, const Rotation& rotation, RecordAttention attention,
            int64_t layer, Value x) {
  const Weight& input_layernorm = weights.vector("input_layernorm", c.hidden_size);
  x = g.add(x, attention(g, c, weights.at("self_attn"), rotation, g.rms_norm(x, input_layernorm, c.rms_norm_eps)));
  const Weight& post_attention_layernorm = weights.vector("post_attention_layernorm", c.hidden_size);
  const Value y = g.rms_norm(x, post_attention_layernorm, c.rms_norm_eps);
  const Binder mlp = weights.at("mlp");
  return g.add(x, c.moe.at(layer) ? mixture_of_experts(g, c, mlp, y)
                                  : feed_forward(g, bind_mlp(mlp, c, c.intermediate_size), y));
}

Rotation record_rotation(Graph& g, const Config& c) {
  RopeFrequencies rope = rope_frequencies(c, c.rotary_dim);
  return {g.rope_table(std::move(rope.inv_freq), rope.magnitude), c.rotary_dim, c.rope_interleaved};
}

// Multi-token prediction, arXiv 2412.19437 section 2.2, first depth: u = eh_proj(enorm(embed(t_{i+1})) | hnorm(h_i)), a
// block over u with a cache of its own, and the main model's head over shared_head.norm.
Graph draft_graph(TextModel& model, const Binder& file, RecordAttention attention, const Weight& embed_tokens,
                  const Weight& head) {
  const Config& c = model.config;
  const int64_t layer = c.num_hidden_layers;
  const std::string name = message("model.layers.", layer);
  const Binder weights = file.at(name);
  Graph g(model.graph.cache_slots());
  const Graph::Scope scope(g, name);
  const Weight& enorm = weights.vector("enorm", c.hidden_size);
  const Weight& hnorm = weights.vector("hnorm", c.hidden_size);
  const Graph::Linear eh_proj = weights.linear("eh_proj", c.hidden_size, 2 * c.hidden_size);
  const Weight& shared_head_norm = weights.vector("shared_head.norm", c.hidden_size);

  const Value token = g.rms_norm(g.embed(embed_tokens), enorm, c.rms_norm_eps);
  const Value hidden = g.rms_norm(g.input(c.hidden_size), hnorm, c.rms_norm_eps);
  const Value u = g.linear(g.concat(token, hidden), eh_proj);
  const Value y = g.rms_norm(block(g, c, weights, record_rotation(g, c), attention, layer, u), shared_head_norm,
                             c.rms_norm_eps);
  g.set_hidden(y);
  g.set_output(g.linear(g.select_rows(y), {&head, nullptr}));
  return g;
}

}  // namespace

void record_decoder(TextModel& model, RecordAttention attention) {
  const Config& c = model.config;
  Graph& g = model.graph;
  const Binder file(model);

  const Weight& embed_tokens = file.matrix("model.embed_tokens", c.vocab_size, c.hidden_size);
  Value x = g.embed(embed_tokens);
  const Rotation rotation = record_rotation(g, c);
  for (int64_t layer = 0; layer < c.num_hidden_layers; ++layer) {
    const std::string name = message("model.layers.", layer);
    const Graph::Scope scope(g, name);
    x = block(g, c, file.at(name), rotation, attention, layer, x);
  }
  const Weight& norm = file.vector("model.norm", c.hidden_size);
  if (c.pooling != Pooling::none) {
    g.set_output(pooled(g, c, g.rms_norm(x, norm, c.rms_norm_eps)));
    return;
  }
  const Weight& head = c.tie_word_embeddings ? embed_tokens : file.matrix("lm_head", c.vocab_size, c.hidden_size);

  // Some converters drop the draft layer and keep the key that counts it.
  const bool has_draft =
      c.num_nextn_predict_layers > 0 && file.has(message("model.layers.", c.num_hidden_layers, ".eh_proj.weight"));
  if (!model.with_draft || !has_draft) {
    g.set_output(g.linear(g.rms_norm(g.select_rows(x), norm, c.rms_norm_eps), {&head, nullptr}));
    return;
  }
  const Value hidden = g.rms_norm(x, norm, c.rms_norm_eps);
  g.set_hidden(hidden);
  g.set_output(g.linear(g.select_rows(hidden), {&head, nullptr}));
  model.draft = draft_graph(model, file, attention, embed_tokens, head);
  g.set_cache_slots(model.draft->cache_slots());
}

}  // namespace hadal
