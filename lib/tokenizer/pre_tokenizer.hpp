// Cuts normalised text into the pieces that are merged on their own. Every chain of regular expressions that the
// supported models use is a hand-written matcher here, linear in the text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/function_ref.hpp"

namespace hadal {

enum class PreTokenizer {
  none,            // the whole text is one piece
  bert,            // words between white space, which drops out; each punctuation character alone
  words,           // before each U+2581 that follows another character
  gpt2,
  smollm,          // digits alone, then gpt2; also starcoder, refact, command-r
  qwen2,
  llama_bpe,
  deepseek_llm,
  deepseek_coder,
  deepseek_v3,
};

std::string_view pre_tokenizer_name(PreTokenizer kind);  // "deepseek-v3"

// By the name in tokenizer.ggml.pre.
std::optional<PreTokenizer> pre_tokenizer_by_name(std::string_view ggml_pre);

// By its stages as tokenizer.json lists them: "split <regex>" (isolated; CR and LF written as escapes), "digits"
// (each alone), "bytelevel regex", "bytelevel".
std::optional<PreTokenizer> pre_tokenizer_by_stages(std::span<const std::string> stages);

// text is valid UTF-8; pieces come in order, are not empty and join to the text (but for bert's white space).
void pre_tokenize(PreTokenizer kind, std::string_view text, FunctionRef<void(std::string_view)> piece);

}  // namespace hadal
