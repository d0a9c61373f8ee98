// Which pre-tokeniser a file means: by GGUF name, or by the expressions in tokenizer.json.
#include <algorithm>
#include <iterator>
#include <vector>

#include "core/utf8.hpp"
#include "tokenizer/letter_ranges.hpp"
#include "tokenizer/pre_tokenizer.hpp"

namespace hadal {
namespace {

struct GgmlName {
  std::string_view name;
  PreTokenizer kind;
};

constexpr GgmlName kGgmlNames[] = {
    {"deepseek-v3", PreTokenizer::deepseek_v3},
    {"joyai-llm", PreTokenizer::deepseek_v3},
    {"deepseek-llm", PreTokenizer::deepseek_llm},
    {"deepseek-coder", PreTokenizer::deepseek_coder},
    {"qwen2", PreTokenizer::qwen2},
    {"deepseek-r1-qwen", PreTokenizer::qwen2},
    {"llama-bpe", PreTokenizer::llama_bpe},
    {"llama3", PreTokenizer::llama_bpe},
    {"llama-v3", PreTokenizer::llama_bpe},
    {"gpt-2", PreTokenizer::gpt2},
    {"gpt2", PreTokenizer::gpt2},
    {"smollm", PreTokenizer::smollm},
    {"starcoder", PreTokenizer::smollm},
    {"refact", PreTokenizer::smollm},
    {"command-r", PreTokenizer::smollm},
};

constexpr std::string_view kContractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
constexpr std::string_view kQwen2Rest = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2Letters = R"([^\r\n\p{L}\p{N}]?\p{L}+|)";
constexpr std::string_view kV3Words =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
    R"(| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::string class_text(std::span<const CodePointRange> ranges) {
  std::string out = "[";
  for (const CodePointRange& range : ranges) {
    append_utf8(range.first, out);
    if (range.last == range.first) continue;
    out += '-';
    append_utf8(range.last, out);
  }
  return out + "]";
}

using Stages = std::vector<std::string>;

Stages stages_of(PreTokenizer kind) {
  const auto split = [](const auto&... parts) {
    std::string out = "split ";
    return ((out += parts), ...), out;
  };
  constexpr CodePointRange kLlmPunctuation[] = {{0x21, 0x2F},     {0x3A, 0x7E},     {0xFF01, 0xFF0F},
                                                {0xFF1A, 0xFF5E}, {0x2018, 0x201F}, {0x3000, 0x3002}};
  constexpr CodePointRange kLlmCjk[] = {{0x4E00, 0x9FA5}, {0x0800, 0x4E00}, {0xAC00, 0xD7FF}};
  constexpr CodePointRange kV3Cjk[] = {{0x4E00, 0x9FA5}, {0x3040, 0x309F}, {0x30A0, 0x30FF}};
  switch (kind) {
    case PreTokenizer::gpt2: return {"bytelevel regex"};
    case PreTokenizer::smollm: return {"digits", "bytelevel regex"};
    case PreTokenizer::qwen2: return {split(kContractions, kQwen2Letters, R"(\p{N})", kQwen2Rest), "bytelevel"};
    case PreTokenizer::llama_bpe:
      return {split(kContractions, kQwen2Letters, R"(\p{N}{1,3})", kQwen2Rest), "bytelevel"};
    case PreTokenizer::deepseek_llm:
      return {split(R"([\r\n])"),
              split(R"(\s?)", class_text(kLlmLetters), "+"),
              split(R"(\s?)", class_text(kLlmPunctuation), "+"),
              split(R"(\s+$)"),
              split(class_text(kLlmCjk), "+"),
              "digits",
              "bytelevel"};
    case PreTokenizer::deepseek_coder:
      return {split(R"([\r\n])"), split(R"(\s?\p{L}+)"), split(R"(\s?\p{P}+)"), split(class_text(kLlmCjk), "+"),
              "digits",           "bytelevel"};
    case PreTokenizer::deepseek_v3:
      return {split(R"(\p{N}{1,3})"), split(class_text(kV3Cjk), "+"), split(kV3Words), "bytelevel"};
    case PreTokenizer::none:
    case PreTokenizer::bert:
    case PreTokenizer::words: break;
  }
  return {};
}

}  // namespace

std::string_view pre_tokenizer_name(PreTokenizer kind) {
  if (kind == PreTokenizer::none) return "none";
  if (kind == PreTokenizer::words) return "words";
  if (kind == PreTokenizer::bert) return "bert";
  for (const GgmlName& entry : kGgmlNames)
    if (entry.kind == kind) return entry.name;
  return {};
}

std::optional<PreTokenizer> pre_tokenizer_by_name(std::string_view ggml_pre) {
  const auto* entry = std::find_if(std::begin(kGgmlNames), std::end(kGgmlNames),
                                   [&](const GgmlName& e) { return e.name == ggml_pre; });
  if (entry == std::end(kGgmlNames)) return std::nullopt;
  return entry->kind;
}

std::optional<PreTokenizer> pre_tokenizer_by_stages(std::span<const std::string> stages) {
  for (const PreTokenizer kind :
       {PreTokenizer::deepseek_v3, PreTokenizer::deepseek_llm, PreTokenizer::deepseek_coder, PreTokenizer::qwen2,
        PreTokenizer::llama_bpe, PreTokenizer::smollm, PreTokenizer::gpt2}) {
    const Stages known = stages_of(kind);
    if (std::equal(stages.begin(), stages.end(), known.begin(), known.end())) return kind;
  }
  return std::nullopt;
}

}  // namespace hadal
