#include "tokenizer/load_tokenizer.hpp"

#include <algorithm>

#include "core/status.hpp"

namespace hadal {
namespace {

// Whatever a DeepSeek file declares, its models end a turn with the first of these (Coder v1 does so after filling in
// the middle, while its chats end in another), and one that writes the second has begun to speak for the user.
void add_deepseek_ends(Tokenizer& tokenizer) {
  constexpr std::string_view kEnd = "<｜end▁of▁sentence｜>", kUser = "<｜User｜>";
  if (!tokenizer.id_of(kEnd)) return;
  for (const std::string_view text : {kEnd, kUser}) {
    const auto id = tokenizer.id_of(text);
    std::vector<int32_t>& ends = tokenizer.end_of_turn;
    if (id && tokenizer.is_added(*id) && std::find(ends.begin(), ends.end(), *id) == ends.end()) ends.push_back(*id);
  }
}

std::unique_ptr<Tokenizer> load_either(const Checkpoint& checkpoint) {
  if (!checkpoint.tokenizer_json.empty()) return load_json_tokenizer(checkpoint);
  if (!checkpoint.vocab_txt.empty()) return load_vocab_txt(checkpoint);
  if (checkpoint.metadata.find("tokenizer.ggml.model") != nullptr) return load_gguf_tokenizer(checkpoint.metadata);
  throw Error(Status::not_found, "tokenizer: expected tokenizer.json or the key tokenizer.ggml.model, found neither");
}

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const Checkpoint& checkpoint) {
  std::unique_ptr<Tokenizer> tokenizer = load_either(checkpoint);
  add_deepseek_ends(*tokenizer);
  return tokenizer;
}

}  // namespace hadal
