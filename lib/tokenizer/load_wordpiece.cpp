// WordPiece vocabularies that are not in tokenizer.json: vocab.txt beside a checkpoint, and GGUF's form of it.
#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/utf8.hpp"
#include "tokenizer/byte_tokens.hpp"
#include "tokenizer/load_tokenizer.hpp"
#include "tokenizer/wordpiece_tokenizer.hpp"

namespace hadal {
namespace {

constexpr std::string_view kSpecials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

void set_specials(WordPieceTokenizer& out, std::optional<int32_t> cls, std::optional<int32_t> sep) {
  out.unknown_piece = out.unknown.value_or(-1);
  out.bos = cls;
  out.eos = sep;
  out.add_bos = cls.has_value();
  out.add_eos = sep.has_value();
  out.second_type = 1;
  std::vector<AddedToken> added;
  for (int32_t id = 0; id < out.vocabulary.size(); ++id)
    if (out.vocabulary.kind(id) == TokenKind::control)
      added.push_back({.text = std::string(out.vocabulary.text(id)), .id = id, .special = true});
  out.raw_added.assign(std::move(added));
}

bool has_upper_case(const Vocabulary& vocabulary) {
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const std::string_view text = vocabulary.text(id);
    if (vocabulary.kind(id) == TokenKind::normal && text.find('[') == text.npos &&
        std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
      return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<Tokenizer> load_vocab_txt(const Checkpoint& checkpoint) {
  const std::string_view file = checkpoint.vocab_txt;
  auto out = std::make_unique<WordPieceTokenizer>();
  out->vocabulary.reserve(size_t(std::count(file.begin(), file.end(), '\n')) + 1, file.size());
  for (size_t at = 0; at < file.size();) {
    const size_t end = std::min(file.find('\n', at), file.size());
    std::string_view line = file.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const size_t bad = find_invalid_utf8(line); bad != std::string_view::npos)
      throw Error(Status::corrupt, message("vocab.txt: expected UTF-8, found an invalid byte at offset ", at + bad));
    const bool special = std::count(std::begin(kSpecials), std::end(kSpecials), line) > 0;
    out->vocabulary.add(line, special ? TokenKind::control : TokenKind::normal);
    at = end + 1;
  }
  out->vocabulary.build_index();
  const auto id = [&](std::string_view text) -> std::optional<int32_t> {
    const int32_t found = out->vocabulary.find(text);
    return found >= 0 ? std::optional(found) : std::nullopt;
  };
  out->padding = id("[PAD]");
  out->unknown = id("[UNK]");
  if (!out->unknown || !id("[CLS]") || !id("[SEP]"))
    throw Error(Status::corrupt, "vocab.txt: expected [UNK], [CLS] and [SEP] among its lines");
  set_specials(*out, id("[CLS]"), id("[SEP]"));

  const Json config = checkpoint.tokenizer_config_json.empty()
                          ? Json()
                          : parse_json(checkpoint.tokenizer_config_json, "tokenizer_config.json");
  const auto flag = [&](std::string_view key, bool otherwise) {
    const Json* value = config.find(key);
    return value && value->as_bool() ? *value->as_bool() : otherwise;
  };
  BertNormalizer how;
  how.lowercase = flag("do_lower_case", true);
  how.strip_accents = flag("strip_accents", how.lowercase);
  how.handle_chinese_chars = flag("tokenize_chinese_chars", true);
  out->normalizer.add_bert(how);
  return out;
}

std::unique_ptr<Tokenizer> load_gguf_wordpiece(const Metadata& metadata, Vocabulary vocabulary) {
  auto out = std::make_unique<WordPieceTokenizer>();
  out->vocabulary = std::move(vocabulary);
  out->first_prefix = kSpaceBar;
  out->other_prefix.clear();
  const auto id = [&](std::string_view key, std::string_view spelling, int64_t otherwise) -> std::optional<int32_t> {
    int64_t found = metadata.integer(key).value_or(-1);
    if (found < 0) found = out->vocabulary.find(spelling);
    if (found < 0) found = otherwise;
    if (found >= out->vocabulary.size())
      throw Error(Status::corrupt, message(key, ": expected an id below ", out->vocabulary.size(), ", found ", found));
    return static_cast<int32_t>(found);
  };
  out->unknown = id("tokenizer.ggml.unknown_token_id", "[UNK]", 100);
  out->padding = id("tokenizer.ggml.padding_token_id", "[PAD]", 0);
  const auto cls = id(metadata.find("tokenizer.ggml.cls_token_id") ? "tokenizer.ggml.cls_token_id"
                                                                   : "tokenizer.ggml.bos_token_id", "[CLS]", 101);
  const auto sep = id(metadata.find("tokenizer.ggml.seperator_token_id") ? "tokenizer.ggml.seperator_token_id"
                                                                         : "tokenizer.ggml.eos_token_id", "[SEP]", 102);
  set_specials(*out, cls, sep);
  // GGUF does not say how the vocabulary was cased.
  BertNormalizer how;
  how.lowercase = how.strip_accents = !has_upper_case(out->vocabulary);
  out->normalizer.add_bert(how);
  return out;
}

}  // namespace hadal
