#include "tokenizer/bpe_tokenizer.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "tokenizer/byte_letters.hpp"
#include "tokenizer/byte_tokens.hpp"
#include "tokenizer/merge_symbols.hpp"
#include "tokenizer/utf8.hpp"

namespace hadal {

class BpeTokenizer::PieceMerger final : public Merger {
 public:
  explicit PieceMerger(const BpeTokenizer& model) : model_(model) {}

  void merge(std::string_view piece, std::vector<int32_t>& out) override {
    if (model_.ignore_merges) {
      if (const int32_t whole = find_whole(piece); whole >= 0) return out.push_back(whole);
    }
    symbols_.clear();
    unknown_pending_ = false;
    if (model_.alphabet == Alphabet::bytes)
      for (const char c : piece) add_symbol(model_.symbols_[static_cast<unsigned char>(c)], {&c, 1});
    else
      add_characters(piece);
    if (unknown_pending_) symbols_.push_back(model_.unknown_symbol);
    merge_symbols(*this, symbols_, scratch_);
    out.insert(out.end(), symbols_.begin(), symbols_.end());
  }

  Merge find(int32_t left, int32_t right) const { return model_.merges.find(left, right); }
  int32_t join(int32_t, int32_t, int32_t result) const { return result; }

 private:
  int32_t find_whole(std::string_view piece) {
    if (model_.alphabet == Alphabet::characters) return model_.vocabulary.find(piece);
    if (piece.size() > model_.vocabulary.longest_text()) return -1;
    letters_.clear();
    for (const char c : piece) append_utf8(byte_letter(static_cast<unsigned char>(c)), letters_);
    return model_.vocabulary.find(letters_);
  }

  void add_characters(std::string_view piece) {
    while (!piece.empty()) {
      const std::string_view character = piece.substr(0, utf8_length(piece[0]));
      add_symbol(character.size() == 1 ? model_.symbols_[static_cast<unsigned char>(piece[0])]
                                       : model_.vocabulary.find(character),
                 character);
      piece.remove_prefix(character.size());
    }
  }

  // Unknown characters wait, as in the tokenizers library, until a known one comes.
  void add_symbol(int32_t id, std::string_view character) {
    if (id >= 0) {
      if (unknown_pending_) symbols_.push_back(model_.unknown_symbol);
      unknown_pending_ = false;
      symbols_.push_back(id);
    } else if (model_.byte_fallback && all_bytes_known(character)) {
      for (const char c : character) symbols_.push_back(model_.bytes_[static_cast<unsigned char>(c)]);
    } else if (model_.unknown_symbol >= 0) {
      if (unknown_pending_ && !model_.fuse_unknown) symbols_.push_back(model_.unknown_symbol);
      unknown_pending_ = true;
    }
  }

  bool all_bytes_known(std::string_view character) const {
    return std::all_of(character.begin(), character.end(),
                       [&](char c) { return model_.bytes_[static_cast<unsigned char>(c)] >= 0; });
  }

  const BpeTokenizer& model_;
  std::vector<int32_t> symbols_;
  MergeScratch scratch_;
  std::string letters_;
  bool unknown_pending_ = false;
};

std::unique_ptr<VocabularyTokenizer::Merger> BpeTokenizer::make_merger() const {
  return std::make_unique<PieceMerger>(*this);
}

void BpeTokenizer::append_bytes(int32_t id, std::string& out) const {
  if (!vocabulary.contains(id)) return;
  const std::string_view text = vocabulary.text(id);
  switch (vocabulary.kind(id)) {
    case TokenKind::unused: return;
    case TokenKind::control:
    case TokenKind::user_defined: out += text; return;
    default: break;
  }
  if (alphabet == Alphabet::bytes) {
    if (!append_spelled_bytes(text, out)) out += text;
  } else if (const int byte = byte_of_token(text); byte >= 0) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  } else {
    append_with_spaces(text, out);
  }
}

void BpeTokenizer::add_merge(std::string_view left, std::string_view right, uint32_t rank) {
  const auto id_of_text = [&](std::string_view text) {
    const int32_t id = vocabulary.find(text);
    if (id < 0) throw Error(Status::corrupt, message("merge ", rank, ": ", quoted(text), " is not in the vocabulary"));
    return id;
  };
  const int32_t a = id_of_text(left), b = id_of_text(right);
  // Vocabularies list results mostly in the order of their merges.
  const auto spells_both = [&](int32_t id) {
    if (!vocabulary.contains(id)) return false;
    const std::string_view text = vocabulary.text(id);
    return text.size() == left.size() + right.size() && text.starts_with(left) && text.ends_with(right);
  };
  int32_t result = next_result_;
  if (!spells_both(result)) {
    std::string both;
    both.reserve(left.size() + right.size());
    both.append(left).append(right);
    result = id_of_text(both);
  }
  next_result_ = result + 1;
  merges.add(a, b, {rank, result});
}

void BpeTokenizer::find_symbols() {
  std::string letter;
  for (unsigned i = 0; i < 256; ++i) {
    const auto byte = static_cast<unsigned char>(i);
    letter.clear();
    append_utf8(alphabet == Alphabet::bytes ? byte_letter(byte) : i, letter);
    symbols_[i] = vocabulary.find(letter);
    bytes_[i] = vocabulary.find(byte_token(byte));
  }
}

}  // namespace hadal
