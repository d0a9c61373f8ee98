// SentencePiece's unigram model: of all ways to spell a word, the one whose pieces have the largest sum of scores
// (arXiv 1804.10959).
#pragma once

#include <vector>

#include "tokenizer/vocabulary_tokenizer.hpp"

namespace hadal {

class UnigramTokenizer final : public VocabularyTokenizer {
 public:
  UnigramTokenizer() { pieces = PreTokenizer::words, first_space_is_prefix = true; }

  void append_bytes(int32_t id, std::string& out) const override;
  std::string_view pre_tokenizer() const override { return "unigram"; }

  // One finite score for each token of the indexed vocabulary.
  void set_scores(std::vector<double> scores, int32_t unknown_id);

 private:
  class PieceMerger;
  std::unique_ptr<Merger> make_merger() const override;

  // Whether text may become this token: control tokens are for those who ask for them.
  bool is_piece(int32_t id) const {
    const TokenKind kind = vocabulary.kind(id);
    return kind == TokenKind::normal || kind == TokenKind::user_defined;
  }

  std::vector<double> scores_;
  int32_t unknown_ = -1;
  double unknown_score_ = 0;
};

}  // namespace hadal
