#include "tokenizer/vocabulary.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "tokenizer/byte_tokens.hpp"

namespace hadal {

void Vocabulary::reserve(size_t tokens, size_t text_bytes) {
  offsets_.reserve(tokens + 1);
  kinds_.reserve(tokens);
  texts_.reserve(text_bytes);
}

int32_t Vocabulary::add(std::string_view text, TokenKind kind) {
  if (kinds_.size() >= kMostTokens)
    throw Error(Status::corrupt, message("vocabulary: expected at most ", kMostTokens, " tokens, found more"));
  if (text.size() > kLongestText || texts_.size() + text.size() > UINT32_MAX)
    throw Error(Status::corrupt, message("vocabulary: token ", kinds_.size(), " is ", text.size(),
                                         " bytes long, expected at most ", kLongestText));
  texts_ += text;
  offsets_.push_back(static_cast<uint32_t>(texts_.size()));
  kinds_.push_back(static_cast<uint8_t>(kind));
  longest_ = std::max(longest_, text.size());
  return size() - 1;
}

void Vocabulary::build_index() {
  // Texts chosen to collide would make the table quadratic; honest ones stay far below this run length.
  constexpr size_t kLongestRun = 2000;
  slots_.assign(kinds_.size() * 8 / 5 + 8, Slot{});
  for (int32_t id = 0; id < size(); ++id) {
    const std::string_view spelled = text(id);
    if (spelled.empty()) continue;
    const uint64_t hash = hash_bytes(spelled.data(), spelled.size());
    const auto tag = static_cast<uint32_t>(hash);
    size_t run = 0;
    for (size_t at = place(hash);; at = at + 1 == slots_.size() ? 0 : at + 1) {
      Slot& slot = slots_[at];
      if (slot.id < 0) {
        slot = {tag, id};
        break;
      }
      if (slot.tag == tag && text(slot.id) == spelled) break;
      if (++run > kLongestRun)
        throw Error(Status::corrupt, "vocabulary: thousands of tokens share one hash value");
    }
  }
}

bool words_merge_apart(const Vocabulary& vocabulary) {
  if (vocabulary.find(kSpaceBar) < 0) return false;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.kind(id) != TokenKind::normal && vocabulary.kind(id) != TokenKind::user_defined) continue;
    std::string_view text = vocabulary.text(id);
    while (text.starts_with(kSpaceBar)) text.remove_prefix(kSpaceBar.size());
    if (text.find(kSpaceBar) != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace hadal
