// SentencePiece BPE as GGUF stores it: no list of merges, but a score per token. Two neighbours merge if their union is
// a token; the highest score goes first.
#pragma once

#include <array>
#include <vector>

#include "tokenizer/vocabulary_tokenizer.hpp"

namespace hadal {

class SentencePieceTokenizer final : public VocabularyTokenizer {
 public:
  void append_bytes(int32_t id, std::string& out) const override;
  std::string_view pre_tokenizer() const override { return "sentencepiece"; }

  // Call when the vocabulary is indexed; one finite score per token. unknown: what stands for bytes that are no tokens.
  void set_scores(std::vector<float> scores, int32_t unknown_id);

 private:
  class PieceMerger;
  std::unique_ptr<Merger> make_merger() const override;

  std::vector<float> scores_;
  std::array<int32_t, 256> bytes_{};
  int32_t unknown_ = -1;
};

}  // namespace hadal
