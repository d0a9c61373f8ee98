// A tokenizer from the tokenizer.ggml.* keys of a GGUF file.
#include <algorithm>
#include <cmath>

#include "core/message.hpp"
#include "core/status.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokens.hpp"
#include "tokenizer/load_tokenizer.hpp"
#include "tokenizer/sentencepiece_tokenizer.hpp"
#include "tokenizer/unigram_tokenizer.hpp"

namespace hadal {
namespace {

TokenKind kind_from(int64_t type, size_t token) {
  if (type < 0 || type > 6)
    throw Error(Status::corrupt,
                message("tokenizer.ggml.token_type: token ", token, ": expected 1 to 6, found ", type));
  return type == 0 ? TokenKind::normal : static_cast<TokenKind>(type);
}

void expect_one_each(std::string_view key, size_t found, size_t tokens) {
  if (found != 0 && found != tokens)
    throw Error(Status::corrupt, message(key, ": expected one entry for each of ", tokens, " tokens, found ", found));
}

Vocabulary read_vocabulary(const Metadata& metadata) {
  const auto tokens = metadata.strings("tokenizer.ggml.tokens");
  const auto types = metadata.integers("tokenizer.ggml.token_type");
  if (tokens.empty()) throw Error(Status::corrupt, "tokenizer.ggml.tokens: expected a list of tokens, found none");
  expect_one_each("tokenizer.ggml.token_type", types.size(), tokens.size());
  size_t bytes = 0;
  for (const std::string_view token : tokens) bytes += token.size();
  Vocabulary vocabulary;
  vocabulary.reserve(tokens.size(), bytes);
  for (size_t i = 0; i < tokens.size(); ++i)
    vocabulary.add(tokens[i], types.empty() ? TokenKind::normal : kind_from(types[i], i));
  vocabulary.build_index();
  return vocabulary;
}

AddedTokens added_tokens_of(const Vocabulary& vocabulary) {
  std::vector<AddedToken> added;
  for (int32_t id = vocabulary.size() - 1; id >= 0; --id) {  // of equal texts the lowest id counts
    const TokenKind kind = vocabulary.kind(id);
    if (kind != TokenKind::control && kind != TokenKind::user_defined) continue;
    added.push_back({.text = std::string(vocabulary.text(id)), .id = id, .special = kind == TokenKind::control});
  }
  AddedTokens out;
  out.assign(std::move(added));
  return out;
}

std::optional<int32_t> read_id(const Metadata& metadata, std::string_view key, const Vocabulary& vocabulary) {
  const auto id = metadata.integer(key);
  if (!id || *id == -1 || *id == int64_t{UINT32_MAX}) return std::nullopt;  // both mean none
  if (*id < 0 || *id >= vocabulary.size())
    throw Error(Status::corrupt, message(key, ": expected an id below ", vocabulary.size(), ", found ", *id));
  return static_cast<int32_t>(*id);
}

void read_special_ids(const Metadata& metadata, VocabularyTokenizer& out) {
  const auto id = [&](std::string_view key) { return read_id(metadata, key, out.vocabulary); };
  out.bos = id("tokenizer.ggml.bos_token_id");
  out.eos = id("tokenizer.ggml.eos_token_id");
  out.unknown = id("tokenizer.ggml.unknown_token_id");
  out.padding = id("tokenizer.ggml.padding_token_id");
  for (const auto& end : {out.eos, id("tokenizer.ggml.eot_token_id"), id("tokenizer.ggml.eom_token_id")})
    if (end && std::find(out.end_of_turn.begin(), out.end_of_turn.end(), *end) == out.end_of_turn.end())
      out.end_of_turn.push_back(*end);
}

// Older files do not name their pre-tokeniser: the size of the vocabulary tells the models that matter apart.
std::optional<PreTokenizer> guess_pre_tokenizer(const Vocabulary& vocabulary) {
  const bool deepseek =
      vocabulary.find("<\xEF\xBD\x9C" "begin\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>") >= 0;
  switch (vocabulary.size()) {
    case 102400: return PreTokenizer::deepseek_llm;
    case 32256: return PreTokenizer::deepseek_coder;
    case 129280: return PreTokenizer::deepseek_v3;
    case 128256: return PreTokenizer::llama_bpe;
    case 151936:
    case 152064: return PreTokenizer::qwen2;
    case 49152: return PreTokenizer::smollm;
    case 50257: return PreTokenizer::gpt2;
    default: break;
  }
  if (!deepseek) return std::nullopt;
  if (vocabulary.size() < 40000) return PreTokenizer::deepseek_coder;
  return vocabulary.size() < 110000 ? PreTokenizer::deepseek_llm : PreTokenizer::deepseek_v3;
}

PreTokenizer read_pre_tokenizer(const Metadata& metadata, const Vocabulary& vocabulary) {
  const std::string_view name = metadata.string("tokenizer.ggml.pre").value_or("default");
  if (name == "default") {
    if (const auto guess = guess_pre_tokenizer(vocabulary)) return *guess;
    throw Error(Status::unsupported, message("tokenizer.ggml.pre is missing and a vocabulary of ", vocabulary.size(),
                                             " tokens does not tell which pre-tokenizer it needs"));
  }
  if (const auto known = pre_tokenizer_by_name(name)) return *known;
  throw Error(Status::unsupported, message("tokenizer.ggml.pre: pre-tokenizer ", quoted(name), " is not supported"));
}

std::unique_ptr<Tokenizer> load_bpe(const Metadata& metadata) {
  auto out = std::make_unique<BpeTokenizer>();
  out->vocabulary = read_vocabulary(metadata);
  out->pieces = read_pre_tokenizer(metadata, out->vocabulary);
  // GGUF does not record the normaliser; the models with this pre-tokeniser were trained with form C.
  if (out->pieces == PreTokenizer::qwen2) out->normalizer.add_nfc();
  out->ignore_merges = out->pieces == PreTokenizer::llama_bpe;
  const auto merges = metadata.strings("tokenizer.ggml.merges");
  out->add_merges(merges.size(), [&](size_t rank) -> BpeTokenizer::MergeTexts {
    const std::string_view merge = merges[rank];
    const size_t space = merge.find(' ', 1);  // the left token may itself be a space
    if (space == std::string_view::npos || space + 1 == merge.size())
      throw Error(Status::corrupt, message("tokenizer.ggml.merges: entry ", rank,
                                           ": expected two tokens separated by a space, found ", quoted(merge)));
    return {merge.substr(0, space), merge.substr(space + 1)};
  });
  out->find_symbols();
  out->raw_added = added_tokens_of(out->vocabulary);
  read_special_ids(metadata, *out);
  out->add_bos = metadata.boolean("tokenizer.ggml.add_bos_token").value_or(out->pieces == PreTokenizer::llama_bpe);
  out->add_eos = metadata.boolean("tokenizer.ggml.add_eos_token").value_or(false);
  return out;
}

// One for each token, finite.
std::span<const float> read_scores(const Metadata& metadata, const Vocabulary& vocabulary) {
  const auto scores = metadata.floats("tokenizer.ggml.scores");
  if (scores.empty()) throw Error(Status::corrupt, "tokenizer.ggml.scores: expected a score per token, found none");
  expect_one_each("tokenizer.ggml.scores", scores.size(), static_cast<size_t>(vocabulary.size()));
  for (size_t i = 0; i < scores.size(); ++i)
    if (!std::isfinite(scores[i]))
      throw Error(Status::corrupt, message("tokenizer.ggml.scores: token ", i, ": expected a finite score"));
  return scores;
}

std::unique_ptr<Tokenizer> load_sentencepiece(const Metadata& metadata) {
  auto out = std::make_unique<SentencePieceTokenizer>();
  out->vocabulary = read_vocabulary(metadata);
  const auto scores = read_scores(metadata, out->vocabulary);
  read_special_ids(metadata, *out);
  if (!out->unknown && out->vocabulary.kind(0) == TokenKind::unknown) out->unknown = 0;
  out->set_scores({scores.begin(), scores.end()}, out->unknown.value_or(-1));
  out->raw_added = added_tokens_of(out->vocabulary);
  out->first_space_is_prefix = metadata.boolean("tokenizer.ggml.add_space_prefix").value_or(true);
  if (out->first_space_is_prefix) out->normalizer.add_prepend(std::string(kSpaceBar));
  out->normalizer.add_replace(" ", std::string(kSpaceBar));
  if (words_merge_apart(out->vocabulary)) out->pieces = PreTokenizer::words;
  out->add_bos = metadata.boolean("tokenizer.ggml.add_bos_token").value_or(true);
  out->add_eos = metadata.boolean("tokenizer.ggml.add_eos_token").value_or(false);
  return out;
}

// XLM-RoBERTa's: "t5" is what GGUF calls every unigram model.
std::unique_ptr<Tokenizer> load_unigram(const Metadata& metadata) {
  auto out = std::make_unique<UnigramTokenizer>();
  out->vocabulary = read_vocabulary(metadata);
  const auto scores = read_scores(metadata, out->vocabulary);
  std::vector<double> widened;
  // Fillers of a vocabulary rounded up carry scores far below any piece's; they are none.
  for (size_t i = 0; i < scores.size(); ++i)
    widened.push_back(out->vocabulary.kind(int32_t(i)) == TokenKind::normal ? double(scores[i]) : 0.0);
  read_special_ids(metadata, *out);
  out->set_scores(std::move(widened), out->unknown.value_or(-1));
  out->raw_added = added_tokens_of(out->vocabulary);
  std::string map;
  for (const int64_t byte : metadata.integers("tokenizer.ggml.precompiled_charsmap")) map += static_cast<char>(byte);
  out->normalizer.add_charsmap(Charsmap::parse(map));
  out->normalizer.add_words(std::string(kSpaceBar));
  out->add_bos = metadata.boolean("tokenizer.ggml.add_bos_token").value_or(true) && out->bos;
  out->add_eos = metadata.boolean("tokenizer.ggml.add_eos_token").value_or(true) && out->eos;
  out->pair_separators = 2;
  return out;
}

}  // namespace

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const Metadata& metadata) {
  const std::string_view model = metadata.string("tokenizer.ggml.model").value_or("");
  if (model == "gpt2") return load_bpe(metadata);
  if (model == "llama") return load_sentencepiece(metadata);
  if (model == "t5") return load_unigram(metadata);
  if (model == "bert") return load_gguf_wordpiece(metadata, read_vocabulary(metadata));
  throw Error(Status::unsupported,
              message("tokenizer.ggml.model: expected \"gpt2\", \"llama\", \"bert\" or \"t5\", found ", quoted(model)));
}

}  // namespace hadal
