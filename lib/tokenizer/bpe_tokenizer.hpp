// BPE with a ranked list of merges, over bytes (GPT-2's alphabet) or over characters with bytes as a last resort.
#pragma once

#include <array>

#include "core/function_ref.hpp"
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

  // All merges, in the order of their ranks. Each is two token texts, which must be in the vocabulary together with
  // their union, else Error(corrupt).
  struct MergeTexts {
    std::string_view left, right;
  };
  void add_merges(size_t count, FunctionRef<MergeTexts(size_t)> merge);
  // Call when the vocabulary is indexed.
  void find_symbols();

 private:
  class PieceMerger;
  std::unique_ptr<Merger> make_merger() const override;

  std::array<int32_t, 256> symbols_{};  // of single bytes (alphabet bytes), of ASCII (alphabet characters); or -1
  std::array<int32_t, 256> bytes_{};    // <0x00> to <0xFF>, or -1
};

}  // namespace hadal
