#include "tokenizer/bpe_tokenizer.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "tokenizer/byte_letters.hpp"
#include "tokenizer/byte_tokens.hpp"
#include "tokenizer/merge_symbols.hpp"
#include "core/utf8.hpp"

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

void BpeTokenizer::add_merges(size_t count, FunctionRef<MergeTexts(size_t)> merge) {
  struct Found {
    MergeTexts texts;
    int32_t left, right, result;
  };
  constexpr size_t kBlock = 64;  // the lookups of a block wait for memory together
  std::array<Found, kBlock> block;
  std::string both;
  int32_t last_result = -1;
  merges.reserve(count);
  for (size_t first = 0; first < count; first += kBlock) {
    const size_t n = std::min(kBlock, count - first);
    for (size_t i = 0; i < n; ++i) {
      block[i].texts = merge(first + i);
      vocabulary.prefetch(block[i].texts.left);
      vocabulary.prefetch(block[i].texts.right);
    }
    for (size_t i = 0; i < n; ++i) {
      const auto id_of_text = [&](std::string_view text) {
        const int32_t id = vocabulary.find(text);
        if (id < 0)
          throw Error(Status::corrupt, message("merge ", first + i, ": ", quoted(text), " is not in the vocabulary"));
        return id;
      };
      const auto [left, right] = block[i].texts;
      both.assign(left).append(right);
      // Vocabularies list results mostly in the order of their merges.
      const auto spells_both = [&](int32_t id) { return vocabulary.contains(id) && vocabulary.text(id) == both; };
      Found& found = block[i];
      found.left = id_of_text(left), found.right = id_of_text(right);
      found.result = spells_both(last_result)       ? last_result
                     : spells_both(last_result + 1) ? last_result + 1
                                                    : id_of_text(both);
      last_result = found.result;
      merges.prefetch(found.left, found.right);
    }
    for (size_t i = 0; i < n; ++i)
      merges.add(block[i].left, block[i].right, {static_cast<uint32_t>(first + i), block[i].result});
  }
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
