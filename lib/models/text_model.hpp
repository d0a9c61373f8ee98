// A language model, or one that makes vectors of texts, ready to be compiled for a backend: its config, its weight
// table bound to the checkpoint's bytes, and its graph from tokens to logits or vectors.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "formats/checkpoint.hpp"
#include "graph/graph.hpp"
#include "models/config.hpp"

namespace hadal {

struct TextModel {
  Config config;
  std::vector<Weight> weights;             // the graph's nodes point into it; never resized once built
  std::unique_ptr<WeightSource> source;    // what every weight's `source` points to
  bool with_draft = false;
  std::vector<Buffer> scales;              // of FP8 weights
  Graph graph;                             // → logits [outputs, vocab_size], or as config.pooling says
  // The model's own draft layer (arXiv 2412.19437, section 2.2), if it was asked for and is there: of a token and the
  // hidden row of the position before it → logits [outputs, vocab_size] of the token after it, and its hidden row.
  std::optional<Graph> draft;
  std::shared_ptr<Checkpoint> checkpoint;  // keeps the bytes

  int64_t parameters() const;              // elements of all weights
  int64_t active_parameters() const;       // of those that one token meets: of a layer's experts only its own
};

// Binds every weight of the architecture and records the graph. Throws Error(unsupported) for an unknown
// architecture, Error(corrupt) naming the first tensor that is missing or has another shape than expected.
// with_draft: its draft layer too, if it has one; then `graph` keeps its hidden rows.
// pooling: how a text becomes a vector [outputs, hidden_size] or, by rank, a score [outputs, 1]; none: what the config
// says, which for decoders is to give logits. Throws Error(unsupported) for what the model cannot do.
std::unique_ptr<TextModel> build_text_model(std::shared_ptr<Checkpoint> checkpoint, bool with_draft = false,
                                            Pooling pooling = Pooling::none);

}  // namespace hadal
