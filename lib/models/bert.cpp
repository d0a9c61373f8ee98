// BERT (arXiv 1810.04805), with it MiniLM and BGE; RoBERTa and XLM-RoBERTa (arXiv 1907.11692, 1911.02116), which count
// positions from 2 and know one type. Post-norm: x = LN(x + attention(x)), x = LN(x + feed_forward(x)).
#include "core/message.hpp"
#include "models/architectures.hpp"
#include "models/encoder.hpp"

namespace hadal {
namespace {

// word + position + type, normalised.
Value embeddings(Graph& g, const Config& c, const Binder& file, Value words) {
  const EncoderConfig& e = c.encoder;
  const Weight& positions = file.matrix("position_embeddings", e.position_rows, c.hidden_size);
  Value x = g.add(words, g.embed(positions, {EmbedAttributes::Index::positions, e.first_position}));
  if (e.type_vocab_size > 0) {
    const Weight& types = file.matrix("token_type_embeddings", e.type_vocab_size, c.hidden_size);
    x = g.add(x, g.embed(types, {EmbedAttributes::Index::types}));
  }
  return layer_norm(g, c, file, "LayerNorm", x);
}

Value attention(Graph& g, const Config& c, const Binder& file, Value x) {
  const int64_t n = c.hidden_size;
  const Value q = g.linear(x, file.linear("self.query", n, n, true));
  const Value k = g.linear(x, file.linear("self.key", n, n, true));
  const Value v = g.linear(x, file.linear("self.value", n, n, true));
  return g.linear(encoder_attention(g, c, q, k, v), file.linear("output.dense", n, n, true));
}

Value feed_forward(Graph& g, const Config& c, const Binder& file, Value x) {
  const Value up = g.gelu(g.linear(x, file.linear("intermediate.dense", c.intermediate_size, c.hidden_size, true)));
  return g.linear(up, file.linear("output.dense", c.hidden_size, c.intermediate_size, true));
}

}  // namespace

void build_bert(TextModel& model) {
  const Config& c = model.config;
  Graph& g = model.graph;
  const Binder file(model);
  const Binder base = find_base(file, "embeddings.word_embeddings.weight");

  const Value words = g.embed(base.matrix("embeddings.word_embeddings", c.vocab_size, c.hidden_size));
  Value x = embeddings(g, c, base.at("embeddings"), words);
  for (int64_t layer = 0; layer < c.num_hidden_layers; ++layer) {
    const std::string name = message("encoder.layer.", layer);
    const Graph::Scope scope(g, name);
    const Binder weights = base.at(name);
    x = layer_norm(g, c, weights, "attention.output.LayerNorm", g.add(x, attention(g, c, weights.at("attention"), x)));
    x = layer_norm(g, c, weights, "output.LayerNorm", g.add(x, feed_forward(g, c, weights, x)));
  }
  g.set_output(c.pooling == Pooling::rank ? score(g, c, file, base, x) : pooled(g, c, x));
}

}  // namespace hadal
