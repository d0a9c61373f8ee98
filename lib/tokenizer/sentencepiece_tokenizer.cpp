#include "tokenizer/sentencepiece_tokenizer.hpp"

#include <bit>

#include "tokenizer/byte_tokens.hpp"
#include "tokenizer/merge_symbols.hpp"
#include "core/utf8.hpp"

namespace hadal {
namespace {

// Higher scores first, as an unsigned rank; never Merge::kNever for finite scores.
uint32_t rank_of_score(float score) {
  const auto bits = std::bit_cast<uint32_t>(score == 0 ? 0.0f : score);
  const uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return ~ascending;
}

}  // namespace

class SentencePieceTokenizer::PieceMerger final : public Merger {
 public:
  explicit PieceMerger(const SentencePieceTokenizer& model) : model_(model) {}

  struct Symbol {
    uint32_t from, to;  // bytes of piece_
    int32_t id;         // -1: a character that is no token
  };

  void merge(std::string_view piece, std::vector<int32_t>& out) override {
    piece_ = piece;
    symbols_.clear();
    for (uint32_t at = 0; at < piece.size();) {
      const auto to = at + static_cast<uint32_t>(utf8_length(piece[at]));
      symbols_.push_back({at, to, token(at, to)});
      at = to;
    }
    merge_symbols(*this, symbols_, scratch_);
    for (const Symbol& symbol : symbols_) emit(symbol, out);
  }

  Merge find(const Symbol& left, const Symbol& right) const {
    const int32_t id = token(left.from, right.to);
    if (id < 0) return {};
    return {rank_of_score(model_.scores_[static_cast<size_t>(id)]), id};
  }

  Symbol join(const Symbol& left, const Symbol& right, int32_t result) const {
    return {left.from, right.to, result};
  }

 private:
  int32_t token(uint32_t from, uint32_t to) const {
    if (to - from > model_.vocabulary.longest_text()) return -1;
    const int32_t id = model_.vocabulary.find(piece_.substr(from, to - from));
    if (id < 0) return -1;
    const TokenKind kind = model_.vocabulary.kind(id);
    return kind == TokenKind::normal || kind == TokenKind::user_defined ? id : -1;
  }

  void emit(const Symbol& symbol, std::vector<int32_t>& out) const {
    if (symbol.id >= 0) return out.push_back(symbol.id);
    for (uint32_t i = symbol.from; i < symbol.to; ++i) {
      const int32_t id = model_.bytes_[static_cast<unsigned char>(piece_[i])];
      if (id < 0) {  // a vocabulary without bytes has one token for every unknown character
        if (model_.unknown_ >= 0) out.push_back(model_.unknown_);
        return;
      }
      out.push_back(id);
    }
  }

  const SentencePieceTokenizer& model_;
  std::string_view piece_;
  std::vector<Symbol> symbols_;
  MergeScratch scratch_;
};

std::unique_ptr<VocabularyTokenizer::Merger> SentencePieceTokenizer::make_merger() const {
  return std::make_unique<PieceMerger>(*this);
}

void SentencePieceTokenizer::append_bytes(int32_t id, std::string& out) const {
  if (!vocabulary.contains(id)) return;
  const std::string_view text = vocabulary.text(id);
  switch (vocabulary.kind(id)) {
    case TokenKind::unused: return;
    case TokenKind::control:
    case TokenKind::user_defined: out += text; return;
    case TokenKind::byte:
      if (const int byte = byte_of_token(text); byte >= 0) {
        out += static_cast<char>(static_cast<unsigned char>(byte));
        return;
      }
      [[fallthrough]];
    default: append_with_spaces(text, out);
  }
}

void SentencePieceTokenizer::set_scores(std::vector<float> scores, int32_t unknown_id) {
  scores_ = std::move(scores);
  unknown_ = unknown_id;
  for (unsigned i = 0; i < 256; ++i) {
    const int32_t id = vocabulary.find(byte_token(static_cast<unsigned char>(i)));
    bytes_[i] = id >= 0 && vocabulary.kind(id) == TokenKind::byte ? id : -1;
  }
}

}  // namespace hadal
