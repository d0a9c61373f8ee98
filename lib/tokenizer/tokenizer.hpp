// Text to token ids and back: byte-level BPE, SentencePiece BPE and unigram, WordPiece. Immutable after it is made; any
// thread may use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/checkpoint.hpp"

namespace hadal {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Appends the ids of `text` (valid UTF-8, else Error(invalid_argument) with the offset). parse_special: the texts
  // of tokens flagged special become those tokens; without it they are ordinary text. Added tokens that are not
  // flagged special match always. Never adds a begin or end token.
  virtual void encode(std::string_view text, bool parse_special, std::vector<int32_t>& out) const = 0;

  // The bytes a token stands for, perhaps part of a character. Empty for ids without text (padding). For SentencePiece
  // the leading space of the first piece is the detokeniser's business. id must be in [0, size()).
  virtual void append_bytes(int32_t id, std::string& out) const = 0;

  virtual int32_t size() const = 0;                                         // ids are below it
  virtual std::string_view piece(int32_t id) const = 0;                     // as the vocabulary spells it: "Ġthe"
  virtual std::optional<int32_t> id_of(std::string_view piece) const = 0;   // by that spelling
  virtual bool is_special(int32_t id) const = 0;                            // flagged special (GGUF: control)
  virtual bool is_added(int32_t id) const = 0;                              // special or user defined
  virtual bool drops_first_space() const { return false; }                  // SentencePiece with a space prefix
  virtual std::string_view pre_tokenizer() const = 0;                       // "deepseek-v3", "smollm", ...

  std::optional<int32_t> bos, eos, unknown, padding;
  std::vector<int32_t> end_of_turn;   // every id that ends a turn: eos, eot, eom, and the config's list
  bool add_bos = false;               // what the model's own settings ask for raw text
  bool add_eos = false;
  // Encoders join two texts as bos a eos... b eos, with so many eos between them and this type for what comes after.
  int32_t pair_separators = 1;
  int32_t second_type = 0;
};

// All ids as text: bytes joined, invalid UTF-8 replaced per maximal subpart. skip_special leaves special tokens out.
std::string decode(const Tokenizer& tokenizer, std::span<const int32_t> ids, bool skip_special);

// From a checkpoint: tokenizer.json beside the weights, or the tokenizer.ggml.* keys. Throws Error(not_found) if it
// carries none, Error(unsupported) for another kind of tokenizer, Error(corrupt) for one that contradicts itself.
std::unique_ptr<Tokenizer> load_tokenizer(const Checkpoint& checkpoint);

// Bytes of tokens as they are generated, cut only between characters.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(&tokenizer), at_start_(true) {}
  // Appends to out whatever became complete with this token.
  void push(int32_t id, std::string& out);
  // At the end of the text: what is still held, as U+FFFD where it is not a character.
  void finish(std::string& out);

 private:
  const Tokenizer* tokenizer_;
  std::string held_;
  bool at_start_;
};

}  // namespace hadal
