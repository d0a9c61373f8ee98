// An embedding model without weights: texts that share words are alike. Deterministic, so a base made twice is equal.
#pragma once

#include <cmath>
#include <stdexcept>

#include "core/status.hpp"
#include "rag/embedder.hpp"
#include "rag/segment.hpp"

class HashingEmbedder : public hadal::rag::Embedder {
 public:
  explicit HashingEmbedder(int dimension = 96, int max_tokens = 254, std::string name = "hashing")
      : dimension_(dimension), max_tokens_(max_tokens), name_(std::move(name)) {}

  int dimension() const override { return dimension_; }
  std::string fingerprint() const override { return name_ + "-" + std::to_string(dimension_); }
  int max_tokens() const override { return max_tokens_; }
  int count_tokens(std::string_view text) override { return int(hadal::rag::segment(text).size()); }
  void embed(std::span<const std::string_view> texts, hadal::rag::Purpose, std::span<float> vectors) override {
    for (size_t t = 0; t < texts.size(); ++t) {
      if (count_tokens(texts[t]) > max_tokens_)
        throw hadal::Error(hadal::Status::invalid_argument, "text " + std::to_string(t) + ": too long");
      float* out = vectors.data() + t * size_t(dimension_);
      for (int i = 0; i < dimension_; ++i) out[i] = 1e-3f;
      for (const std::string& word : hadal::rag::segment(texts[t])) {
        uint64_t state = 1469598103934665603u;
        for (const char c : word) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211u;
        for (int i = 0; i < dimension_; ++i) {
          state = state * 6364136223846793005u + 1442695040888963407u;
          out[i] += float(int64_t(state) >> 40) / float(1 << 23);
        }
      }
      double sum = 0;
      for (int i = 0; i < dimension_; ++i) sum += double(out[i]) * out[i];
      for (int i = 0; i < dimension_; ++i) out[i] = float(out[i] / std::sqrt(sum));
      ++embedded;
    }
  }

  int embedded = 0;   // texts so far

 private:
  int dimension_, max_tokens_;
  std::string name_;
};
