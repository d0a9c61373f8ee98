#include "tokenizer/text_stages.hpp"

#include "core/message.hpp"
#include "core/status.hpp"
#include "tokenizer/byte_tokens.hpp"

namespace hadal {
namespace {

constexpr int kDeepest = 8;  // Sequences within sequences

[[noreturn]] void unsupported(std::string text) {
  throw Error(Status::unsupported, "tokenizer.json: " + std::move(text));
}

std::string_view text_of(const Json* value) {
  const std::string* text = value != nullptr ? value->as_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

bool flag_of(const Json* value, bool otherwise) {
  const bool* flag = value != nullptr ? value->as_bool() : nullptr;
  return flag != nullptr ? *flag : otherwise;
}

const Json::Array* list_of(const Json* value) { return value != nullptr ? value->as_array() : nullptr; }

bool collapses_spaces(const Json& step) {
  const Json* pattern = step.find("pattern");
  return pattern != nullptr && text_of(pattern->find("Regex")) == " {2,}" && text_of(step.find("content")) == " ";
}

void read_normalizer(const Json* step, int depth, Normalizer& out) {
  if (step == nullptr || step->is_null()) return;
  const std::string_view type = text_of(step->find("type"));
  if (type == "Sequence" && depth < kDeepest) {
    if (const Json::Array* list = list_of(step->find("normalizers")))
      for (const Json& part : *list) read_normalizer(&part, depth + 1, out);
  } else if (type == "NFC") {
    out.add_nfc();
  } else if (type == "BertNormalizer") {
    BertNormalizer how;
    how.clean_text = flag_of(step->find("clean_text"), true);
    how.handle_chinese_chars = flag_of(step->find("handle_chinese_chars"), true);
    how.lowercase = flag_of(step->find("lowercase"), true);
    how.strip_accents = flag_of(step->find("strip_accents"), how.lowercase);   // null: as lowercase
    out.add_bert(how);
  } else if (type == "Precompiled") {
    out.add_charsmap(Charsmap::parse(from_base64(text_of(step->find("precompiled_charsmap")), "precompiled_charsmap")));
  } else if (type == "Replace" && collapses_spaces(*step)) {
    // Runs of spaces vanish between words anyway.
  } else if (type == "Prepend") {
    out.add_prepend(std::string(text_of(step->find("prepend"))));
  } else if (type == "Replace") {
    const Json* pattern = step->find("pattern");
    const std::string_view from = pattern != nullptr ? text_of(pattern->find("String")) : std::string_view();
    if (from.empty()) unsupported("a Replace normalizer without a literal pattern is not supported");
    out.add_replace(std::string(from), std::string(text_of(step->find("content"))));
  } else {
    unsupported(message("normalizer ", quoted(type), " is not supported"));
  }
}

// Regular expressions write line ends as themselves or as escapes.
std::string with_escaped_line_ends(std::string_view regex) {
  std::string out;
  for (const char c : regex) {
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string split_stage(const Json& stage) {
  const Json* pattern = stage.find("pattern");
  const std::string_view behavior = text_of(stage.find("behavior"));
  if (behavior != "Isolated" || flag_of(stage.find("invert"), false))
    unsupported(message("pre_tokenizer: a Split that is not isolated (", quoted(behavior), ") is not supported"));
  return "split " + with_escaped_line_ends(text_of(pattern != nullptr ? pattern->find("Regex") : nullptr));
}

// Metaspace is Replace and Prepend in one, then a cut before each word.
void read_metaspace(const Json& stage, BpeTokenizer& out) {
  const std::string_view bar = text_of(stage.find("replacement"));
  if (bar != kSpaceBar) unsupported(message("pre_tokenizer: Metaspace with ", quoted(bar), " is not supported"));
  out.normalizer.add_replace(" ", std::string(bar));
  std::string_view scheme = text_of(stage.find("prepend_scheme"));
  if (scheme.empty()) scheme = flag_of(stage.find("add_prefix_space"), true) ? "always" : "never";
  if (scheme == "always") out.normalizer.add_prepend_once(std::string(bar));
  if (scheme == "first") out.normalizer.add_prepend_first(std::string(bar));
  if (flag_of(stage.find("split"), true)) out.pieces = PreTokenizer::words;
}

void collect_stages(const Json* stage, int depth, std::vector<std::string>& names, BpeTokenizer& out) {
  if (stage == nullptr || stage->is_null()) return;
  const std::string_view type = text_of(stage->find("type"));
  if (type == "Sequence" && depth < kDeepest) {
    if (const Json::Array* list = list_of(stage->find("pretokenizers")))
      for (const Json& part : *list) collect_stages(&part, depth + 1, names, out);
  } else if (type == "Split") {
    names.push_back(split_stage(*stage));
  } else if (type == "Digits" && flag_of(stage->find("individual_digits"), false)) {
    names.push_back("digits");
  } else if (type == "ByteLevel") {
    if (flag_of(stage->find("add_prefix_space"), true))
      unsupported("pre_tokenizer: ByteLevel with add_prefix_space is not supported");
    names.push_back(flag_of(stage->find("use_regex"), true) ? "bytelevel regex" : "bytelevel");
  } else if (type == "Metaspace" && names.empty()) {
    read_metaspace(*stage, out);
  } else {
    unsupported(message("pre_tokenizer ", quoted(type), " is not supported"));
  }
}

bool strips_first_space(const Json* decoder, int depth = 0) {
  if (decoder == nullptr) return false;
  const std::string_view type = text_of(decoder->find("type"));
  if (type == "Strip") return text_of(decoder->find("content")) == " ";
  if (type == "Metaspace") {
    const std::string_view scheme = text_of(decoder->find("prepend_scheme"));
    return scheme.empty() ? flag_of(decoder->find("add_prefix_space"), true) : scheme != "never";
  }
  const Json::Array* list = type == "Sequence" && depth < kDeepest ? list_of(decoder->find("decoders")) : nullptr;
  bool strips = false;
  if (list != nullptr)
    for (const Json& part : *list) strips = strips || strips_first_space(&part, depth + 1);
  return strips;
}

// Spaces became bars before this stage, so splitting at spaces (Gemma) does nothing.
bool splits_at_spaces(const Json* stage) {
  if (stage == nullptr || text_of(stage->find("type")) != "Split") return false;
  const Json* pattern = stage->find("pattern");
  return pattern != nullptr && text_of(pattern->find("String")) == " ";
}

}  // namespace

void read_text_stages(const Json& file, BpeTokenizer& out) {
  read_normalizer(file.find("normalizer"), 0, out.normalizer);
  const Json* pre_tokenizer = file.find("pre_tokenizer");
  std::vector<std::string> stages;
  if (!splits_at_spaces(pre_tokenizer)) collect_stages(pre_tokenizer, 0, stages, out);
  if (!stages.empty()) {
    const auto known = pre_tokenizer_by_stages(stages);
    if (!known) {
      std::string all;
      for (const std::string& stage : stages) all += (all.empty() ? "" : ", ") + stage;
      unsupported(message("pre_tokenizer ", quoted(all), " is not supported"));
    }
    out.pieces = *known;
    return;
  }
  out.alphabet = BpeTokenizer::Alphabet::characters;
  out.first_space_is_prefix = strips_first_space(file.find("decoder"));
  if (out.pieces == PreTokenizer::none && words_merge_apart(out.vocabulary)) out.pieces = PreTokenizer::words;
}

// XLM-RoBERTa: words between white space, each with a bar in front.
void read_unigram_stages(const Json& file, VocabularyTokenizer& out) {
  read_normalizer(file.find("normalizer"), 0, out.normalizer);
  const Json* stage = file.find("pre_tokenizer");
  const Json::Array* list = stage != nullptr ? list_of(stage->find("pretokenizers")) : nullptr;
  const auto type = [&](size_t i) { return text_of((*list)[i].find("type")); };
  const bool known = list != nullptr && list->size() == 2 && type(0) == "WhitespaceSplit" && type(1) == "Metaspace" &&
                     text_of((*list)[1].find("replacement")) == kSpaceBar;
  if (!known) unsupported("pre_tokenizer: expected WhitespaceSplit and Metaspace before Unigram");
  out.normalizer.add_words(std::string(kSpaceBar));
}

void read_bert_stages(const Json& file, VocabularyTokenizer& out) {
  read_normalizer(file.find("normalizer"), 0, out.normalizer);
  const Json* stage = file.find("pre_tokenizer");
  const std::string_view type = stage != nullptr ? text_of(stage->find("type")) : std::string_view();
  if (type != "BertPreTokenizer")
    unsupported(message("pre_tokenizer: expected \"BertPreTokenizer\" before WordPiece, found ", quoted(type)));
}

}  // namespace hadal
