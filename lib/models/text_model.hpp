// A language model ready to be compiled for a backend: its config, its weight table bound to the checkpoint's bytes,
// and its graph from tokens to logits.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/checkpoint.hpp"
#include "graph/graph.hpp"
#include "models/config.hpp"

namespace hadal {

struct TextModel {
  Config config;
  std::vector<Weight> weights;             // the graph's nodes point into it; never resized once built
  std::unique_ptr<WeightSource> source;    // what every weight's `source` points to
  Graph graph;                             // → logits [outputs, vocab_size]
  std::shared_ptr<Checkpoint> checkpoint;  // keeps the bytes

  int64_t parameters() const;              // elements of all weights
};

// Binds every weight of the architecture and records the graph. Throws Error(unsupported) for an unknown
// architecture, Error(corrupt) naming the first tensor that is missing or has another shape than expected.
std::unique_ptr<TextModel> build_text_model(std::shared_ptr<Checkpoint> checkpoint);

}  // namespace hadal
