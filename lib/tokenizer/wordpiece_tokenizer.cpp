#include "tokenizer/wordpiece_tokenizer.hpp"

#include <algorithm>

#include "core/utf8.hpp"

namespace hadal {

class WordPieceTokenizer::PieceMerger final : public Merger {
 public:
  explicit PieceMerger(const WordPieceTokenizer& model) : model_(model) {}

  void merge(std::string_view word, std::vector<int32_t>& out) override {
    const size_t before = out.size();
    const bool fits = characters(word) <= model_.longest_word;
    for (size_t at = 0; fits && at < word.size();) {
      const auto [id, bytes] = longest_at(word, at);
      if (id < 0) return unknown(before, out);
      out.push_back(id);
      at += bytes;
    }
    if (!fits) unknown(before, out);
  }

 private:
  struct Match {
    int32_t id = -1;
    size_t bytes = 0;
  };

  static size_t characters(std::string_view text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  }

  Match longest_at(std::string_view word, size_t at) {
    const std::string& prefix = at == 0 ? model_.first_prefix : model_.other_prefix;
    const size_t most = std::max(model_.vocabulary.longest_text(), prefix.size()) - prefix.size();
    size_t bytes = std::min(word.size() - at, most);
    key_.assign(prefix).append(word, at, bytes);
    while (bytes > 0) {
      // Not in the middle of a character.
      const bool whole = at + bytes == word.size() || (static_cast<unsigned char>(word[at + bytes]) & 0xC0) != 0x80;
      if (whole)
        if (const int32_t id = model_.vocabulary.find(key_); id >= 0) return {id, bytes};
      key_.pop_back();
      --bytes;
    }
    return {};
  }

  void unknown(size_t before, std::vector<int32_t>& out) const {
    out.resize(before);
    if (model_.unknown_piece >= 0) out.push_back(model_.unknown_piece);
  }

  const WordPieceTokenizer& model_;
  std::string key_;
};

std::unique_ptr<VocabularyTokenizer::Merger> WordPieceTokenizer::make_merger() const {
  return std::make_unique<PieceMerger>(*this);
}

// A word begins with a space; the text's first drops it (drops_first_space).
void WordPieceTokenizer::append_bytes(int32_t id, std::string& out) const {
  std::string_view text = piece(id);
  if (is_added(id)) {
    out += text;
  } else if (!other_prefix.empty() && text.starts_with(other_prefix)) {
    out += text.substr(other_prefix.size());
  } else if (!first_prefix.empty() && !text.starts_with(first_prefix)) {
    out += text;
  } else {
    out += ' ';
    out += text.substr(first_prefix.size());
  }
}

}  // namespace hadal
