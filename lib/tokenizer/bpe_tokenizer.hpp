// BPE with a ranked list of merges, over bytes (GPT-2's alphabet) or over characters with bytes as a last resort.
#pragma once

#include <array>

#include "tokenizer/merge_table.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

namespace hadal {

class BpeTokenizer final : public VocabularyTokenizer {
 public:
  void append_bytes(int32_t id, std::string& out) const override;

  enum class Alphabet { bytes, characters };
  Alphabet alphabet = Alphabet::bytes;
  MergeTable merges;
  bool ignore_merges = false;   // a piece that is a token becomes it without merging
  bool byte_fallback = false;   // a character that is no token becomes its <0xHH> tokens, if all exist
  int32_t unknown_symbol = -1;  // stands for any other; -1: left out
  bool fuse_unknown = false;    // neighbours share one

  // The n-th merge: two token texts. Looks both and their union up; Error(corrupt) if one is no token.
  void add_merge(std::string_view left, std::string_view right, uint32_t rank);
  // Call when the vocabulary is indexed.
  void find_symbols();

 private:
  class PieceMerger;
  std::unique_ptr<Merger> make_merger() const override;

  std::array<int32_t, 256> symbols_{};  // of single bytes (alphabet bytes), of ASCII (alphabet characters); or -1
  std::array<int32_t, 256> bytes_{};    // <0x00> to <0xFF>, or -1
  int32_t next_result_ = 0;             // where the result of the next merge is expected
};

}  // namespace hadal
