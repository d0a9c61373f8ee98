// WordPiece: each word becomes the longest tokens that fit from left to right, or one unknown token.
#pragma once

#include "tokenizer/vocabulary_tokenizer.hpp"

namespace hadal {

class WordPieceTokenizer final : public VocabularyTokenizer {
 public:
  WordPieceTokenizer() { pieces = PreTokenizer::bert, first_space_is_prefix = true; }

  void append_bytes(int32_t id, std::string& out) const override;
  std::string_view pre_tokenizer() const override { return "wordpiece"; }

  // How the vocabulary spells the first piece of a word and the others: "" and "##", or in GGUF "▁" and "".
  std::string first_prefix, other_prefix = "##";
  size_t longest_word = 100;   // characters; a longer word is unknown
  int32_t unknown_piece = -1;  // -1: what cannot be spelled is left out

 private:
  class PieceMerger;
  std::unique_ptr<Merger> make_merger() const override;
};

}  // namespace hadal
