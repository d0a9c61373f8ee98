// What a knowledge base needs of an embedding model. The implementation over a loaded model lives in lib/api, so that
// this layer knows nothing of graphs and backends.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hadal::rag {

enum class Purpose : uint8_t { document, query };  // decides the model's prefix

// Thread: one call at a time. Failures are thrown as Error.
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual int dimension() const = 0;
  // Equal exactly when vectors of two embedders can be compared: weights, pooling, prefixes, dimension, normalising.
  virtual std::string fingerprint() const = 0;
  // Most tokens of one text, prefix and special tokens already taken off.
  virtual int max_tokens() const = 0;
  virtual int count_tokens(std::string_view text) = 0;
  // vectors [texts.size(), dimension()], each of length 1. A text over max_tokens() is a failure that names it.
  virtual void embed(std::span<const std::string_view> texts, Purpose purpose, std::span<float> vectors) = 0;
};

// A cross-encoder: one score for each text, higher is more relevant.
class Reranker {
 public:
  virtual ~Reranker() = default;
  virtual void rank(std::string_view query, std::span<const std::string_view> texts, std::span<float> scores) = 0;
};

}  // namespace hadal::rag
