#include "tokenizer/vocabulary_tokenizer.hpp"

#include <algorithm>
#include <bit>
#include <forward_list>

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/utf8.hpp"

namespace hadal {

// One call of encode: remembers the ids of pieces it has seen, because words repeat.
class VocabularyTokenizer::Encoder {
 public:
  Encoder(const VocabularyTokenizer& tokenizer, size_t text_bytes, std::vector<int32_t>& out)
      : tokenizer_(tokenizer), merger_(tokenizer.make_merger()), out_(out) {
    constexpr size_t kSmallestWorth = 256, kMostEntries = 16384;
    if (text_bytes >= kSmallestWorth) seen_.resize(std::bit_ceil(std::min(text_bytes / 8, kMostEntries)));
  }

  void add_text(std::string_view text, bool parse_special) {
    tokenizer_.raw_added.split(text, parse_special, [&](std::string_view part, int32_t id) {
      if (id >= 0)
        out_.push_back(id);
      else
        add_fragment(part, parse_special, part.data() == text.data());
    });
  }

 private:
  struct Seen {
    const char* piece = nullptr;  // in the text or in normalized_
    uint32_t bytes = 0;
    uint32_t ids = 0;
    size_t first_id = 0;          // place in out_
  };

  void add_fragment(std::string_view text, bool parse_special, bool first) {
    std::string storage;
    text = tokenizer_.normalizer.apply(text, first, storage);
    if (!storage.empty()) text = normalized_.emplace_front(std::move(storage));
    tokenizer_.normalized_added.split(text, parse_special, [&](std::string_view part, int32_t id) {
      if (id >= 0) return out_.push_back(id);
      pre_tokenize(tokenizer_.pieces, part, [&](std::string_view piece) { add_piece(piece); });
    });
  }

  void add_piece(std::string_view piece) {
    constexpr size_t kLongestKept = 64;
    if (seen_.empty() || piece.size() > kLongestKept) return merger_->merge(piece, out_);
    Seen& seen = seen_[hash_bytes(piece.data(), piece.size()) & (seen_.size() - 1)];
    if (seen.bytes == piece.size() && std::string_view(seen.piece, seen.bytes) == piece) {
      const size_t end = out_.size();
      out_.resize(end + seen.ids);
      std::copy_n(out_.begin() + static_cast<std::ptrdiff_t>(seen.first_id), seen.ids,
                  out_.begin() + static_cast<std::ptrdiff_t>(end));
      return;
    }
    const size_t before = out_.size();
    merger_->merge(piece, out_);
    seen = {piece.data(), static_cast<uint32_t>(piece.size()), static_cast<uint32_t>(out_.size() - before), before};
  }

  const VocabularyTokenizer& tokenizer_;
  std::unique_ptr<Merger> merger_;
  std::vector<int32_t>& out_;
  std::vector<Seen> seen_;                       // by hash; a power of two, or empty for short texts
  std::forward_list<std::string> normalized_;    // nodes stay where they are
};

void VocabularyTokenizer::encode(std::string_view text, bool parse_special, std::vector<int32_t>& out) const {
  constexpr size_t kLongestText = INT32_MAX;  // places in a text are 32 bits wide
  if (text.size() > kLongestText)
    throw Error(Status::invalid_argument,
                message("text: expected at most ", kLongestText, " bytes, found ", text.size()));
  if (const size_t at = find_invalid_utf8(text); at != std::string_view::npos)
    throw Error(Status::invalid_argument, message("text: expected UTF-8, found an invalid byte at offset ", at));
  Encoder(*this, text.size(), out).add_text(text, parse_special);
}

std::string_view VocabularyTokenizer::piece(int32_t id) const {
  return vocabulary.contains(id) ? vocabulary.text(id) : std::string_view();
}

std::optional<int32_t> VocabularyTokenizer::id_of(std::string_view piece) const {
  const int32_t id = vocabulary.find(piece);
  return id >= 0 ? std::optional(id) : std::nullopt;
}

bool VocabularyTokenizer::is_special(int32_t id) const {
  return vocabulary.contains(id) && vocabulary.kind(id) == TokenKind::control;
}

bool VocabularyTokenizer::is_added(int32_t id) const {
  return is_special(id) || (vocabulary.contains(id) && vocabulary.kind(id) == TokenKind::user_defined);
}

}  // namespace hadal
