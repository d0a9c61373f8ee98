#include "tokenizer/added_tokens.hpp"

#include <algorithm>

#include "tokenizer/char_class.hpp"
#include "core/utf8.hpp"

namespace hadal {
namespace {

ClassMask class_before(std::string_view text, size_t pos) {
  if (pos == 0) return kNone;
  const char* at = previous_character(text.data() + pos);
  return class_of(next_code_point(at));
}

ClassMask class_after(std::string_view text, size_t pos) {
  if (pos == text.size()) return kNone;
  const char* at = text.data() + pos;
  return class_of(next_code_point(at));
}

size_t first_of_space_before(std::string_view text, size_t pos, size_t floor) {
  while (pos > floor && (class_before(text, pos) & kSpace))
    pos = static_cast<size_t>(previous_character(text.data() + pos) - text.data());
  return pos;
}

size_t end_of_space_after(std::string_view text, size_t pos) {
  while (class_after(text, pos) & kSpace) pos += utf8_length(text[pos]);
  return pos;
}

}  // namespace

void AddedTokens::assign(std::vector<AddedToken> tokens) {
  // A match must not cut a character of the text.
  std::erase_if(tokens, [](const AddedToken& token) {
    return token.text.empty() || find_invalid_utf8(token.text) != std::string_view::npos;
  });
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.text < b.text; });
  tokens_.clear();
  for (AddedToken& token : tokens) {
    if (!tokens_.empty() && tokens_.back().text == token.text) tokens_.pop_back();
    tokens_.push_back(std::move(token));
  }
  tokens_.shrink_to_fit();
  size_t at = 0;
  for (size_t byte = 0; byte <= 256; ++byte) {
    while (at < tokens_.size() && static_cast<unsigned char>(tokens_[at].text[0]) < byte) ++at;
    first_byte_[byte] = static_cast<uint32_t>(at);
  }
}

const AddedToken* AddedTokens::longest_at(std::string_view text, size_t pos) const {
  const auto first = static_cast<unsigned char>(text[pos]);
  const AddedToken* from = tokens_.data() + first_byte_[first];
  const AddedToken* to = tokens_.data() + first_byte_[first + 1];
  const AddedToken* longest = nullptr;
  // [from, to) are the tokens that share text[pos, pos + depth); the one that ends there sorts first.
  for (size_t depth = 1; from < to; ++depth) {
    if (from->text.size() == depth) longest = from++;
    if (pos + depth == text.size() || from == to) break;
    const auto next = static_cast<unsigned char>(text[pos + depth]);
    const auto byte = [&](const AddedToken& token) { return static_cast<unsigned char>(token.text[depth]); };
    if (to - from == 1 && byte(*from) != next) break;
    from = std::partition_point(from, to, [&](const AddedToken& token) { return byte(token) < next; });
    to = std::partition_point(from, to, [&](const AddedToken& token) { return byte(token) <= next; });
  }
  return longest;
}

void AddedTokens::split(std::string_view text, bool special,
                        FunctionRef<void(std::string_view, int32_t)> piece) const {
  size_t done = 0;
  for (size_t pos = 0; pos < text.size() && !tokens_.empty();) {
    const auto first = static_cast<unsigned char>(text[pos]);
    if (first_byte_[first] == first_byte_[first + 1]) {
      ++pos;
      continue;
    }
    const AddedToken* token = longest_at(text, pos);
    if (token == nullptr) {
      ++pos;
      continue;
    }
    size_t start = pos, stop = pos + token->text.size();
    pos = stop;
    if (token->special && !special) continue;
    if (token->single_word && ((class_before(text, start) & kWord) || (class_after(text, stop) & kWord))) continue;
    if (token->lstrip) start = first_of_space_before(text, start, std::min(done, start));
    if (token->rstrip) stop = end_of_space_after(text, stop);
    if (done < start) piece(text.substr(done, start - done), -1);
    piece(text.substr(start, stop - start), token->id);
    done = stop;
  }
  if (done < text.size()) piece(text.substr(done), -1);
}

}  // namespace hadal
