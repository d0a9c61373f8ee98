// What an embedding model's publisher says about its use: pooling, length, prefixes. From the files that
// sentence-transformers keeps beside the weights, or from what is known about the model's family.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "formats/checkpoint.hpp"
#include "models/config.hpp"

namespace hadal {

struct SentenceConfig {
  int64_t max_tokens = 0;   // of a text with its special tokens; 0: what the model has positions for
  bool normalize = true;    // vectors of length 1
  std::string query_prefix, document_prefix;
};

// As the folder's Pooling module or the GGUF key pooling_type says; nothing if there is none. Throws
// Error(unsupported) for another kind, and for modules that would change the vectors.
std::optional<Pooling> sentence_pooling(const Checkpoint& checkpoint);

SentenceConfig read_sentence_config(const Checkpoint& checkpoint, const Config& config);

}  // namespace hadal
