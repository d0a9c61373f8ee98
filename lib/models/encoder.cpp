#include "models/encoder.hpp"

#include <cmath>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

Value layer_norm(Graph& g, const Config& c, const Binder& file, std::string_view name, Value x) {
  const Weight& weight = file.vector(name, c.hidden_size);
  const Weight& bias = file.bare_vector(message(name, ".bias"), c.hidden_size);
  return g.layer_norm(x, weight, &bias, c.encoder.layer_norm_eps);
}

Value encoder_attention(Graph& g, const Config& c, Value q, Value k, Value v) {
  const float scale = float(1.0 / std::sqrt(double(c.head_dim)));
  return g.self_attention(q, k, v, c.num_attention_heads, c.num_key_value_heads, scale, false);
}

Value pooled(Graph& g, const Config& c, Value x) {
  if (c.pooling == Pooling::rank)
    throw Error(Status::unsupported, message("pooling=rank: expected a model with a classifier, found ",
                                             quoted(c.model_type), " without"));
  return c.pooling == Pooling::mean ? g.mean_rows(x) : g.select_rows(x);
}

Value score(Graph& g, const Config& c, const Binder& file, const Binder& base, Value x) {
  const Value first = g.select_rows(x);
  const bool two_layers = file.has("classifier.out_proj.weight");
  Value hidden = first;
  if (file.has("classifier.dense.weight"))
    hidden = g.tanh(g.linear(first, file.linear("classifier.dense", c.hidden_size, c.hidden_size, true)));
  else if (!two_layers && base.has("pooler.dense.weight"))
    hidden = g.tanh(g.linear(first, base.linear("pooler.dense", c.hidden_size, c.hidden_size, true)));
  const std::string_view name = two_layers ? "classifier.out_proj" : "classifier";
  return g.linear(hidden, file.linear(name, 1, c.hidden_size, true));
}

Binder find_base(const Binder& file, std::string_view tensor) {
  for (const std::string_view prefix : {"bert", "roberta", "model"})
    if (file.has(message(prefix, ".", tensor))) return file.at(prefix);
  return file;
}

}  // namespace hadal
