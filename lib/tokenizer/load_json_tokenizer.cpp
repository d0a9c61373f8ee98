// A tokenizer from tokenizer.json, with the settings of tokenizer_config.json, generation_config.json and config.json.
#include <algorithm>
#include <cmath>

#include "core/message.hpp"
#include "core/status.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokens.hpp"
#include "tokenizer/load_tokenizer.hpp"
#include "tokenizer/text_stages.hpp"
#include "tokenizer/unigram_tokenizer.hpp"
#include "tokenizer/wordpiece_tokenizer.hpp"

namespace hadal {
namespace {

[[noreturn]] void corrupt(std::string text) { throw Error(Status::corrupt, "tokenizer.json: " + std::move(text)); }
[[noreturn]] void unsupported(std::string text) {
  throw Error(Status::unsupported, "tokenizer.json: " + std::move(text));
}

std::string_view text_of(const Json* value) {
  const std::string* text = value != nullptr ? value->as_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

bool flag_of(const Json* value, bool otherwise = false) {
  const bool* flag = value != nullptr ? value->as_bool() : nullptr;
  return flag != nullptr ? *flag : otherwise;
}

struct Entry {
  int64_t id;
  std::string_view text;
};

int64_t checked_id(const Json& value, std::string_view text) {
  const int64_t* id = value.as_integer();
  // Ids beyond any real vocabulary would make the table of texts large for a small file.
  constexpr int64_t kLimit = 1 << 22;
  if (id == nullptr || *id < 0 || *id >= kLimit)
    corrupt(message("token ", quoted(text), ": expected an id from 0 to ", kLimit - 1));
  return *id;
}

// Base vocabulary and added tokens by id; gaps become unused tokens.
Vocabulary read_vocabulary(const Json::Object& vocab, const Json::Array& added) {
  std::vector<Entry> entries;
  entries.reserve(vocab.size() + added.size());
  size_t bytes = 0;
  for (const auto& [text, id] : vocab) {
    entries.push_back({checked_id(id, text), text});
    bytes += text.size();
  }
  const auto by_id = [](const Entry& a, const Entry& b) { return a.id < b.id; };
  std::sort(entries.begin(), entries.end(), by_id);
  const auto base = static_cast<std::ptrdiff_t>(entries.size());
  for (const Json& token : added) {
    const std::string_view text = text_of(token.find("content"));
    const Json* id = token.find("id");
    if (id == nullptr) corrupt(message("added token ", quoted(text), " has no id"));
    const Entry entry{checked_id(*id, text), text};
    const auto same = std::lower_bound(entries.begin(), entries.begin() + base, entry, by_id);
    if (same != entries.begin() + base && same->id == entry.id && same->text == text) continue;
    entries.push_back(entry);
  }
  std::stable_sort(entries.begin(), entries.end(), by_id);
  if (entries.empty()) corrupt("the vocabulary is empty");
  Vocabulary out;
  out.reserve(static_cast<size_t>(entries.back().id) + 1, bytes);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i > 0 && entries[i].id == entries[i - 1].id) {
      if (entries[i].text == entries[i - 1].text) continue;
      corrupt(message("id ", entries[i].id, " is ", quoted(entries[i - 1].text), " and ", quoted(entries[i].text)));
    }
    while (out.size() < entries[i].id) out.add({}, TokenKind::unused);
    out.add(entries[i].text, TokenKind::normal);
  }
  out.build_index();
  return out;
}

void read_added_tokens(const Json::Array& added, VocabularyTokenizer& out) {
  std::vector<AddedToken> raw, normalized;
  for (const Json& token : added) {
    AddedToken made{.text = std::string(text_of(token.find("content"))),
                    .id = static_cast<int32_t>(*token.find("id")->as_integer()),
                    .special = flag_of(token.find("special")),
                    .single_word = flag_of(token.find("single_word")),
                    .lstrip = flag_of(token.find("lstrip")),
                    .rstrip = flag_of(token.find("rstrip"))};
    out.vocabulary.set_kind(made.id, made.special ? TokenKind::control : TokenKind::user_defined);
    if (flag_of(token.find("normalized"), !made.special)) {
      std::string storage;
      made.text = std::string(out.normalizer.apply(made.text, false, storage));
      normalized.push_back(std::move(made));
    } else {
      raw.push_back(std::move(made));
    }
  }
  out.raw_added.assign(std::move(raw));
  out.normalized_added.assign(std::move(normalized));
}

void read_merges(const Json* merges, BpeTokenizer& out) {
  const Json::Array* list = merges != nullptr ? merges->as_array() : nullptr;
  if (list == nullptr) corrupt("model.merges: expected a list");
  out.add_merges(list->size(), [&](size_t rank) -> BpeTokenizer::MergeTexts {
    const Json& merge = (*list)[rank];
    if (const Json::Array* pair = merge.as_array(); pair != nullptr && pair->size() == 2)
      return {text_of(&(*pair)[0]), text_of(&(*pair)[1])};
    const std::string_view both = text_of(&merge);
    const size_t space = both.find(' ');
    if (space == std::string_view::npos || both.find(' ', space + 1) != std::string_view::npos)
      corrupt(message("model.merges: entry ", rank, ": expected two tokens separated by a space"));
    return {both.substr(0, space), both.substr(space + 1)};
  });
}

void read_model(const Json& model, BpeTokenizer& out) {
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!text_of(model.find(affix)).empty()) unsupported(message("model.", affix, " is not supported"));
  out.ignore_merges = flag_of(model.find("ignore_merges"));
  out.byte_fallback = flag_of(model.find("byte_fallback"));
  out.fuse_unknown = flag_of(model.find("fuse_unk"));
  if (const std::string_view unknown = text_of(model.find("unk_token")); !unknown.empty()) {
    out.unknown_symbol = out.vocabulary.find(unknown);
    if (out.unknown_symbol < 0) corrupt(message("model.unk_token ", quoted(unknown), " is not in the vocabulary"));
    out.unknown = out.unknown_symbol;
  }
  read_merges(model.find("merges"), out);
  out.find_symbols();
}

// A token that a post-processor of a fixed form names: ["[SEP]", 102].
std::optional<int32_t> named_by(const Json& processor, std::string_view key, const Vocabulary& vocabulary) {
  const Json* pair = processor.find(key);
  if (pair == nullptr || pair->as_array() == nullptr || pair->as_array()->empty()) return std::nullopt;
  const int32_t id = vocabulary.find(text_of(&pair->as_array()->front()));
  return id >= 0 ? std::optional(id) : std::nullopt;
}

// How two texts are joined: what stands between them, and the type of the second.
void read_pair(const Json& processor, VocabularyTokenizer& out) {
  const Json* pair = processor.find("pair");
  if (pair == nullptr || pair->as_array() == nullptr) return;
  int32_t separators = 0, texts = 0;
  for (const Json& part : *pair->as_array()) {
    if (part.find("SpecialToken") != nullptr && texts == 1) ++separators;
    const Json* text = part.find("Sequence");
    if (text == nullptr || ++texts != 2) continue;
    const Json* type = text->find("type_id");
    if (type != nullptr && type->as_integer() != nullptr) out.second_type = *type->as_integer() == 0 ? 0 : 1;
  }
  out.pair_separators = std::min(separators, 4);
}

// Which tokens the post-processor puts around a text.
void read_post_processor(const Json* processor, VocabularyTokenizer& out) {
  const std::string_view type = processor != nullptr ? text_of(processor->find("type")) : std::string_view();
  if (type == "Sequence") {
    const Json* list = processor->find("processors");
    if (list != nullptr && list->as_array() != nullptr)
      for (const Json& part : *list->as_array())
        if (text_of(part.find("type")) != "Sequence") read_post_processor(&part, out);
    return;
  }
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    out.bos = named_by(*processor, "cls", out.vocabulary);
    out.eos = named_by(*processor, "sep", out.vocabulary);
    out.add_bos = out.bos.has_value();
    out.add_eos = out.eos.has_value();
    out.pair_separators = type == "BertProcessing" ? 1 : 2;
    out.second_type = type == "BertProcessing" ? 1 : 0;
    return;
  }
  const Json* single = type == "TemplateProcessing" ? processor->find("single") : nullptr;
  if (single == nullptr || single->as_array() == nullptr) return;
  read_pair(*processor, out);
  bool after_text = false;
  for (const Json& part : *single->as_array()) {
    if (part.find("Sequence") != nullptr) after_text = true;
    const Json* token = part.find("SpecialToken");
    if (token == nullptr) continue;
    const int32_t id = out.vocabulary.find(text_of(token->find("id")));
    if (id < 0) corrupt(message("post_processor: ", quoted(text_of(token->find("id"))), " is not in the vocabulary"));
    (after_text ? out.eos : out.bos) = id;
    (after_text ? out.add_eos : out.add_bos) = true;
  }
}

// "bos_token": "<s>" or {"content": "<s>", ...}.
void read_named_token(const Json& config, std::string_view key, const Vocabulary& vocabulary,
                      std::optional<int32_t>& id) {
  const Json* token = config.find(key);
  if (token != nullptr && token->as_object() != nullptr) token = token->find("content");
  if (const std::string_view text = text_of(token); !text.empty())
    if (const int32_t found = vocabulary.find(text); found >= 0) id = found;
}

void read_tokenizer_config(const std::string& text, VocabularyTokenizer& out) {
  if (text.empty()) return;
  const Json config = parse_json(text, "tokenizer_config.json");
  read_named_token(config, "bos_token", out.vocabulary, out.bos);
  read_named_token(config, "eos_token", out.vocabulary, out.eos);
  read_named_token(config, "pad_token", out.vocabulary, out.padding);
  if (!out.unknown) read_named_token(config, "unk_token", out.vocabulary, out.unknown);
  out.add_bos = flag_of(config.find("add_bos_token"), out.add_bos) && out.bos;
  out.add_eos = flag_of(config.find("add_eos_token"), out.add_eos) && out.eos;
}

// The ids under a config's key, a number or a list, as far as they are added tokens: some published configs carry
// ids of another vocabulary, where they are ordinary text.
std::vector<int32_t> added_ids(const Json& config, std::string_view key, const VocabularyTokenizer& tokenizer) {
  std::vector<int32_t> out;
  const auto take = [&](const Json& value) {
    const int64_t* id = value.as_integer();
    if (id != nullptr && *id >= 0 && *id < tokenizer.size() && tokenizer.is_added(static_cast<int32_t>(*id)))
      out.push_back(static_cast<int32_t>(*id));
  };
  if (const Json* value = config.find(key)) {
    if (value->as_array() != nullptr)
      std::for_each(value->as_array()->begin(), value->as_array()->end(), take);
    else
      take(*value);
  }
  return out;
}

void read_model_configs(const Checkpoint& checkpoint, VocabularyTokenizer& out) {
  const Json& settings = checkpoint.generation_config.is_null() ? checkpoint.config : checkpoint.generation_config;
  const auto first = [&](std::string_view key, std::optional<int32_t>& id) {
    if (id) return;
    for (const Json* config : {&settings, &checkpoint.config})
      if (const auto ids = added_ids(*config, key, out); !id && !ids.empty()) id = ids.front();
  };
  first("bos_token_id", out.bos);
  first("eos_token_id", out.eos);
  first("pad_token_id", out.padding);
  std::vector<int32_t> ends = added_ids(settings, "eos_token_id", out);
  if (out.eos) ends.insert(ends.begin(), *out.eos);
  for (const int32_t id : ends)
    if (std::find(out.end_of_turn.begin(), out.end_of_turn.end(), id) == out.end_of_turn.end())
      out.end_of_turn.push_back(id);
}

std::unique_ptr<Tokenizer> load_wordpiece(const Json& file, const Json& model, const Json::Object& vocab,
                                          const Json::Array& added) {
  auto out = std::make_unique<WordPieceTokenizer>();
  out->vocabulary = read_vocabulary(vocab, added);
  read_bert_stages(file, *out);
  out->other_prefix = text_of(model.find("continuing_subword_prefix"));
  if (const Json* most = model.find("max_input_chars_per_word"); most != nullptr && most->as_integer() != nullptr)
    out->longest_word = static_cast<size_t>(std::clamp<int64_t>(*most->as_integer(), 0, 1 << 20));
  const std::string_view unknown = text_of(model.find("unk_token"));
  if (const int32_t id = out->vocabulary.find(unknown); id >= 0) out->unknown = out->unknown_piece = id;
  else corrupt(message("model.unk_token ", quoted(unknown), " is not in the vocabulary"));
  return out;
}

// vocab: [["<s>", 0.0], ["▁the", -3.9], ...], an id each.
std::unique_ptr<Tokenizer> load_unigram(const Json& file, const Json& model, const Json::Array& vocab,
                                        const Json::Array& added) {
  if (flag_of(model.find("byte_fallback"))) unsupported("model.byte_fallback is not supported with Unigram");
  Json::Object ids;
  std::vector<double> scores;
  ids.reserve(vocab.size());
  for (const Json& entry : vocab) {
    const Json::Array* pair = entry.as_array();
    const bool fits = pair != nullptr && pair->size() == 2 && (*pair)[0].as_string() != nullptr;
    const double* real = fits ? (*pair)[1].as_double() : nullptr;
    const int64_t* whole = fits ? (*pair)[1].as_integer() : nullptr;
    const double score = real != nullptr ? *real : whole != nullptr ? double(*whole) : NAN;
    if (!std::isfinite(score))
      corrupt(message("model.vocab: entry ", ids.size(), ": expected a text and a finite score"));
    ids.emplace_back(*(*pair)[0].as_string(), Json(int64_t(ids.size())));
    scores.push_back(score);
  }
  auto out = std::make_unique<UnigramTokenizer>();
  out->vocabulary = read_vocabulary(ids, added);
  scores.resize(size_t(out->vocabulary.size()));   // added tokens beyond it are never pieces of a word
  read_unigram_stages(file, *out);
  const Json* unknown = model.find("unk_id");
  if (unknown != nullptr && unknown->as_integer() != nullptr) {
    const int64_t id = *unknown->as_integer();
    if (!out->vocabulary.contains(static_cast<int32_t>(std::clamp<int64_t>(id, -1, INT32_MAX))))
      corrupt(message("model.unk_id: expected an id below ", out->vocabulary.size(), ", found ", id));
    out->unknown = static_cast<int32_t>(id);
  }
  out->set_scores(std::move(scores), out->unknown.value_or(-1));
  return out;
}

std::unique_ptr<Tokenizer> load_bpe(const Json& file, const Json& model, const Json::Object& vocab,
                                    const Json::Array& added) {
  auto out = std::make_unique<BpeTokenizer>();
  out->vocabulary = read_vocabulary(vocab, added);
  read_text_stages(file, *out);
  read_model(model, *out);
  return out;
}

}  // namespace

std::unique_ptr<Tokenizer> load_json_tokenizer(const Checkpoint& checkpoint) {
  const Json file = parse_json(checkpoint.tokenizer_json, "tokenizer.json");
  const Json* model = file.find("model");
  const Json* vocab = model != nullptr ? model->find("vocab") : nullptr;
  if (model == nullptr) corrupt("expected an object with a model");
  const std::string_view type = text_of(model->find("type"));
  // Files of the first library versions leave the type out.
  const bool is_bpe = type == "BPE" || (type.empty() && model->find("merges") != nullptr);
  const bool is_wordpiece =
      type == "WordPiece" || (type.empty() && model->find("continuing_subword_prefix") != nullptr && !is_bpe);
  const bool is_unigram = type == "Unigram";
  if (!is_bpe && !is_wordpiece && !is_unigram)
    unsupported(message("model.type: expected \"BPE\", \"WordPiece\" or \"Unigram\", found ", quoted(type)));
  if (vocab == nullptr || (is_unigram ? vocab->as_array() == nullptr : vocab->as_object() == nullptr))
    corrupt(is_unigram ? "model.vocab: expected a list" : "model.vocab: expected an object");

  const Json::Array none;
  const Json* list = file.find("added_tokens");
  const Json::Array& added = list != nullptr && list->as_array() != nullptr ? *list->as_array() : none;
  std::unique_ptr<Tokenizer> made = is_unigram ? load_unigram(file, *model, *vocab->as_array(), added)
                                    : is_bpe   ? load_bpe(file, *model, *vocab->as_object(), added)
                                               : load_wordpiece(file, *model, *vocab->as_object(), added);
  auto& out = static_cast<VocabularyTokenizer&>(*made);
  read_added_tokens(added, out);
  read_post_processor(file.find("post_processor"), out);
  read_tokenizer_config(checkpoint.tokenizer_config_json, out);
  read_model_configs(checkpoint, out);
  return made;
}

}  // namespace hadal
