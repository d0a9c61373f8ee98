// Fill-in-the-middle prompts of Coder v1, Coder-V2, V2.5 and V3.
#include "chat/chat.hpp"

namespace hadal {

std::optional<FillTokens> fill_tokens(FunctionRef<bool(std::string_view)> has_token) {
  constexpr FillTokens kDeepSeek{"<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"};
  for (const std::string_view token : {kDeepSeek.begin, kDeepSeek.hole, kDeepSeek.end})
    if (!has_token(token)) return std::nullopt;
  return kDeepSeek;
}

// The hole stands between prefix and suffix, the end behind both: the names do not say "suffix" and "middle".
std::array<PromptPart, 5> fill_prompt(const FillTokens& tokens, std::string_view prefix, std::string_view suffix) {
  return {{{tokens.begin, true}, {prefix, false}, {tokens.hole, true}, {suffix, false}, {tokens.end, true}}};
}

}  // namespace hadal
