#include "models/sentence_config.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

Json parse(const std::string& text, std::string_view name) {
  return text.empty() ? Json() : parse_json(text, std::string(name));
}

bool flag(const Json& config, std::string_view key) {
  const Json* value = config.find(key);
  return value && value->as_bool() && *value->as_bool();
}

std::string_view text(const Json* value) {
  return value && value->as_string() ? std::string_view(*value->as_string()) : std::string_view();
}

// Publishers who train with prefixes, by a part of the model's name; the first that fits counts.
struct KnownPrefixes {
  std::string_view name, also;
  std::string_view query, document;
};
constexpr std::string_view kSearch = "Represent this sentence for searching relevant passages: ";
constexpr KnownPrefixes kKnown[] = {
    {"nomic-embed", "", "search_query: ", "search_document: "},
    {"bge-", "reranker", "", ""},
    {"bge-", "m3", "", ""},
    {"bge-", "zh", "为这个句子生成表示以用于检索相关文章：", ""},
    {"bge-", "en", kSearch, ""},
    {"mxbai-embed", "", kSearch, ""},
    {"arctic-embed", "", kSearch, ""},
    {"e5-", "instruct", "", ""},
    {"e5-", "", "query: ", "passage: "},
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c + 32);
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

// "/models/bge-small-en-v1.5/model.safetensors" → "bge-small-en-v1.5/model.safetensors": what is near the weights names
// the model.
std::string_view last_two(std::string_view path) {
  const size_t last = path.find_last_of("/\\");
  if (last == std::string_view::npos || last == 0) return path;
  const size_t before = path.find_last_of("/\\", last - 1);
  return before == std::string_view::npos ? path : path.substr(before + 1);
}

void choose_known_prefixes(const Checkpoint& checkpoint, const Config& config, SentenceConfig& out) {
  if (config.model_type.starts_with("nomic")) {
    out.query_prefix = kKnown[0].query;
    out.document_prefix = kKnown[0].document;
    return;
  }
  std::string names = lower(config.name);
  for (const std::string_view key : {"general.basename", "general.base_model.0.name"})
    if (const auto name = checkpoint.metadata.string(key)) names += "\n" + lower(*name);
  if (!checkpoint.files.empty()) names += "\n" + lower(last_two(checkpoint.files.front().path));
  for (const KnownPrefixes& known : kKnown) {
    if (names.find(known.name) == names.npos || names.find(known.also) == names.npos) continue;
    out.query_prefix = known.query;
    out.document_prefix = known.document;
    return;
  }
}

}  // namespace

std::optional<Pooling> sentence_pooling(const Checkpoint& checkpoint) {
  if (checkpoint.container == Checkpoint::Container::gguf) {
    const auto architecture = checkpoint.metadata.string("general.architecture");
    if (!architecture) return std::nullopt;
    constexpr Pooling kPoolings[] = {Pooling::mean, Pooling::cls, Pooling::last, Pooling::rank};
    const int64_t number = checkpoint.metadata.integer(message(*architecture, ".pooling_type")).value_or(0);
    if (number < 0 || number > int64_t(std::size(kPoolings)))
      throw Error(Status::unsupported,
                  message("metadata ", *architecture, ".pooling_type: expected 0 to 4, found ", number));
    return number == 0 ? std::nullopt : std::optional(kPoolings[number - 1]);
  }
  if (const Json modules = parse(checkpoint.modules_json, "modules.json"); modules.as_array())
    for (const Json& module : *modules.as_array()) {
      const std::string_view type = text(module.find("type"));
      const std::string_view kind = type.substr(std::min(type.size(), type.rfind('.') + 1));
      if (kind != "Transformer" && kind != "Pooling" && kind != "Normalize")
        throw Error(Status::unsupported,
                    message("modules.json: a module of the kind ", quoted(kind), " is not supported"));
    }
  const Json config = parse(checkpoint.pooling_json, "the Pooling module's config.json");
  if (config.is_null()) return std::nullopt;
  const std::string_view named = text(config.find("pooling_mode"));
  if (flag(config, "pooling_mode_mean_tokens") || named == "mean") return Pooling::mean;
  if (flag(config, "pooling_mode_cls_token") || named == "cls") return Pooling::cls;
  if (flag(config, "pooling_mode_lasttoken") || named == "lasttoken") return Pooling::last;
  throw Error(Status::unsupported, "the Pooling module's config.json: expected mean, cls or lasttoken");
}

SentenceConfig read_sentence_config(const Checkpoint& checkpoint, const Config& config) {
  SentenceConfig out;
  const Json sentence = parse(checkpoint.sentence_json, "sentence_bert_config.json");
  if (const Json* most = sentence.find("max_seq_length"); most && most->as_integer() && *most->as_integer() > 0)
    out.max_tokens = *most->as_integer();
  const Json settings = parse(checkpoint.prompts_json, "config_sentence_transformers.json");
  const Json* prompts = settings.find("prompts");
  if (const std::string_view query = prompts ? text(prompts->find("query")) : std::string_view(); !query.empty()) {
    out.query_prefix = query;
    out.document_prefix = text(prompts->find("document"));
    if (out.document_prefix.empty()) out.document_prefix = text(prompts->find("passage"));
  } else {
    choose_known_prefixes(checkpoint, config, out);
  }
  return out;
}

}  // namespace hadal
