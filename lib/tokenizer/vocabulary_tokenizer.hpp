// What every tokenizer here shares: a vocabulary, added tokens, and the walk over a text that both kinds of BPE fill.
#pragma once

#include <vector>

#include "tokenizer/added_tokens.hpp"
#include "tokenizer/normalizer.hpp"
#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/vocabulary.hpp"

namespace hadal {

class VocabularyTokenizer : public Tokenizer {
 public:
  void encode(std::string_view text, bool parse_special, std::vector<int32_t>& out) const final;
  int32_t size() const final { return vocabulary.size(); }
  std::string_view piece(int32_t id) const final;
  std::optional<int32_t> id_of(std::string_view piece) const final;
  bool is_special(int32_t id) const final;
  bool is_added(int32_t id) const final;
  bool drops_first_space() const final { return first_space_is_prefix; }
  std::string_view pre_tokenizer() const override { return pre_tokenizer_name(pieces); }

  // Filled by the loaders, then constant.
  Vocabulary vocabulary;
  AddedTokens raw_added;         // matched in the text as it is
  AddedTokens normalized_added;  // matched after normalising
  Normalizer normalizer;
  PreTokenizer pieces = PreTokenizer::none;
  bool first_space_is_prefix = false;

 protected:
  // The merges of one text; made per call, so that the tokenizer stays constant.
  class Merger {
   public:
    virtual ~Merger() = default;
    // Appends the ids of one piece that is not empty.
    virtual void merge(std::string_view piece, std::vector<int32_t>& out) = 0;
  };
  virtual std::unique_ptr<Merger> make_merger() const = 0;

 private:
  class Encoder;
};

}  // namespace hadal
