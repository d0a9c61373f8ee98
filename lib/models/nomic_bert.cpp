// nomic-embed-text v1 and v1.5 (arXiv 2402.01613): BERT with rotary positions, a gated feed-forward and no biases but
// those of the norms.
#include "core/message.hpp"
#include "models/architectures.hpp"
#include "models/decoder.hpp"
#include "models/encoder.hpp"
#include "models/rope_frequencies.hpp"

namespace hadal {
namespace {

// Wqkv [3 * hidden_size, hidden_size]: the rows of q, of k, of v.
Value attention(Graph& g, const Config& c, const Binder& file, const Rotation& r, Value x) {
  const int64_t n = c.hidden_size;
  const auto project = [&](std::string_view part, int64_t third) {
    return g.linear(x, file.rows_of("Wqkv", 3 * n, n, part, third * n, n));
  };
  const auto rotate = [&](Value heads) { return g.rope(heads, r.table, c.head_dim, r.rotary_dim, r.interleaved); };
  const Value q = project("q", 0), k = project("k", 1), v = project("v", 2);
  return g.linear(encoder_attention(g, c, rotate(q), rotate(k), v), file.linear("out_proj", n, n));
}

// fc2(fc11(x) * silu(fc12(x))): the gate is the second of the two.
Value feed_forward(Graph& g, const Config& c, const Binder& file, Value x) {
  const Value up = g.linear(x, file.linear("fc11", c.intermediate_size, c.hidden_size));
  const Value gate = g.linear(x, file.linear("fc12", c.intermediate_size, c.hidden_size));
  return g.linear(g.swiglu(gate, up), file.linear("fc2", c.hidden_size, c.intermediate_size));
}

}  // namespace

void build_nomic_bert(TextModel& model) {
  const Config& c = model.config;
  Graph& g = model.graph;
  const Binder file(model);
  const Binder base = find_base(file, "embeddings.word_embeddings.weight");

  Value x = g.embed(base.matrix("embeddings.word_embeddings", c.vocab_size, c.hidden_size));
  if (c.encoder.type_vocab_size > 0) {
    const Weight& types = base.matrix("embeddings.token_type_embeddings", c.encoder.type_vocab_size, c.hidden_size);
    x = g.add(x, g.embed(types, {EmbedAttributes::Index::types}));
  }
  x = layer_norm(g, c, base, "emb_ln", x);
  RopeFrequencies rope = rope_frequencies(c, c.rotary_dim);
  const Rotation rotation{g.rope_table(std::move(rope.inv_freq), rope.magnitude), c.rotary_dim, false};
  for (int64_t layer = 0; layer < c.num_hidden_layers; ++layer) {
    const std::string name = message("encoder.layers.", layer);
    const Graph::Scope scope(g, name);
    const Binder weights = base.at(name);
    x = layer_norm(g, c, weights, "norm1", g.add(x, attention(g, c, weights.at("attn"), rotation, x)));
    x = layer_norm(g, c, weights, "norm2", g.add(x, feed_forward(g, c, weights.at("mlp"), x)));
  }
  g.set_output(pooled(g, c, x));
}

}  // namespace hadal
