// What models that make one row of a text share.
#pragma once

#include "models/binder.hpp"
#include "models/config.hpp"

namespace hadal {

// The norm whose weight and bias are called `name`.
Value layer_norm(Graph& g, const Config& c, const Binder& file, std::string_view name, Value x);

// Bidirectional attention of all heads. q, k, v: [tokens, num_attention_heads * head_dim].
Value encoder_attention(Graph& g, const Config& c, Value q, Value k, Value v);

// The rows x [tokens, hidden_size] of each text as one [outputs, hidden_size]. The run's output rows are the text's
// first token, its last, or for the mean any.
Value pooled(Graph& g, const Config& c, Value x);

// A sequence classifier's score of the texts' first rows [outputs, 1]: out_proj(tanh(dense(x))), under the names that
// BERT, RoBERTa and GGUF give the two. `file` stands at the checkpoint's root, `base` where the encoder begins.
Value score(Graph& g, const Config& c, const Binder& file, const Binder& base, Value x);

// `file` at the prefix that some checkpoints put before an encoder's names, found by one tensor of it.
Binder find_base(const Binder& file, std::string_view tensor);

}  // namespace hadal
