// A tokenizer from tokenizer.json, with the settings of tokenizer_config.json, generation_config.json and config.json.
#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokens.hpp"
#include "tokenizer/load_tokenizer.hpp"
#include "tokenizer/text_stages.hpp"

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

void read_added_tokens(const Json::Array& added, BpeTokenizer& out) {
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

// Which tokens the post-processor puts around a text.
void read_post_processor(const Json* processor, BpeTokenizer& out) {
  const std::string_view type = processor != nullptr ? text_of(processor->find("type")) : std::string_view();
  if (type == "Sequence") {
    const Json* list = processor->find("processors");
    if (list != nullptr && list->as_array() != nullptr)
      for (const Json& part : *list->as_array())
        if (text_of(part.find("type")) != "Sequence") read_post_processor(&part, out);
    return;
  }
  const Json* single = type == "TemplateProcessing" ? processor->find("single") : nullptr;
  if (single == nullptr || single->as_array() == nullptr) return;
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

void read_tokenizer_config(const std::string& text, BpeTokenizer& out) {
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
std::vector<int32_t> added_ids(const Json& config, std::string_view key, const BpeTokenizer& tokenizer) {
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

void read_model_configs(const Checkpoint& checkpoint, BpeTokenizer& out) {
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

}  // namespace

std::unique_ptr<Tokenizer> load_json_tokenizer(const Checkpoint& checkpoint) {
  const Json file = parse_json(checkpoint.tokenizer_json, "tokenizer.json");
  const Json* model = file.find("model");
  const Json* vocab = model != nullptr ? model->find("vocab") : nullptr;
  if (model == nullptr) corrupt("expected an object with a model");
  const std::string_view type = text_of(model->find("type"));
  // Files of the first library versions leave the type out.
  if (type != "BPE" && !(type.empty() && model->find("merges") != nullptr))
    unsupported(message("model.type: expected \"BPE\", found ", quoted(type)));
  if (vocab == nullptr || vocab->as_object() == nullptr) corrupt("model.vocab: expected an object");

  const Json::Array none;
  const Json* added = file.find("added_tokens");
  const Json::Array& added_list = added != nullptr && added->as_array() != nullptr ? *added->as_array() : none;

  auto out = std::make_unique<BpeTokenizer>();
  out->vocabulary = read_vocabulary(*vocab->as_object(), added_list);
  read_text_stages(file, *out);
  read_model(*model, *out);
  read_added_tokens(added_list, *out);
  read_post_processor(file.find("post_processor"), *out);
  read_tokenizer_config(checkpoint.tokenizer_config_json, *out);
  read_model_configs(checkpoint, *out);
  return out;
}

}  // namespace hadal
