// What a model says about itself: the keys of hadal_model_get.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "core/message.hpp"
#include "core/status.hpp"
#include "generate/fingerprint.hpp"
#include "generate/json_text.hpp"
#include "generate/model.hpp"
#include "generate/prompt.hpp"
#include "models/architectures.hpp"

namespace hadal {
namespace {

constexpr std::array<std::string_view, 39> kFacts = {
    "architecture", "family", "name", "parameters", "active_parameters", "context", "vocabulary", "layers", "hidden", "license", "quantization",
    "hash", "chat_template", "tensors", "metadata", "weights_bytes", "packed_bytes", "arena_bytes",
    "cache_bytes_per_token", "backend", "cpu", "threads", "bos", "eos", "end_of_turn", "add_bos", "pre_tokenizer",
    "thought_open", "thought_close", "load_ms", "note", "memory_note", "tokens",
    "dimension", "pooling", "max_tokens_per_text", "query_prefix", "document_prefix", "trace"};

std::string joined(std::span<const int32_t> ids) {
  std::string out;
  for (const int32_t id : ids) {
    if (!out.empty()) out += ',';
    append_to(out, id);
  }
  return out;
}

bool declares_draft_layer(const Checkpoint& checkpoint) {
  for (const auto& [key, value] : checkpoint.metadata.entries)
    if (key.ends_with(".nextn_predict_layers") && checkpoint.metadata.integer(key).value_or(0) > 0) return true;
  const Json* layers = checkpoint.config.find("num_nextn_predict_layers");
  return layers && layers->as_integer() && *layers->as_integer() > 0;
}

// By the matrix that only such a layer has, in either spelling of names.
bool holds_draft_layer(const Checkpoint& checkpoint) {
  return std::any_of(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                     [](const StoredTensor& tensor) { return tensor.name.find("eh_proj") != std::string::npos; });
}

// A file's text may be any bytes; what goes out is UTF-8.
std::string as_text(std::string_view bytes) { return checked_text(bytes, true, "metadata"); }

Json to_json(const MetadataValue& value) {
  // Long lists (vocabularies, merges) are told by their length.
  constexpr size_t kLongest = 64;
  const auto list = [&](const auto& items) -> Json {
    if (items.size() > kLongest) return Json(message("list of ", items.size()));
    Json::Array out;
    for (const auto item : items) {
      using Item = std::decay_t<decltype(item)>;
      if constexpr (std::is_same_v<Item, std::string_view>) out.push_back(Json(as_text(item)));
      else if constexpr (std::is_same_v<Item, float>) out.push_back(Json(double(item)));
      else out.push_back(Json(item));
    }
    return Json(std::move(out));
  };
  return std::visit(
      [&](const auto& held) -> Json {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, uint64_t>) return held <= INT64_MAX ? Json(int64_t(held)) : Json(double(held));
        else if constexpr (std::is_same_v<Held, std::string_view>) return Json(as_text(held));
        else if constexpr (std::is_same_v<Held, std::vector<bool>>) {
          Json::Array out;
          for (size_t i = 0; i < std::min(held.size(), kLongest); ++i) out.push_back(Json(bool(held[i])));
          return Json(std::move(out));
        } else if constexpr (std::is_arithmetic_v<Held>) return Json(held);
        else return list(held);
      },
      value);
}

}  // namespace

std::string Model::tensors_json() const {
  Json::Array out;
  for (const StoredTensor& tensor : checkpoint_->tensors) {
    Json::Array shape;
    for (const int64_t extent : tensor.shape) shape.push_back(Json(extent));
    out.push_back(Json(Json::Object{{"name", tensor.name},
                                    {"dtype", std::string(hadal::name(tensor.dtype))},
                                    {"shape", Json(std::move(shape))},
                                    {"bytes", int64_t(tensor.bytes)}}));
  }
  std::string text;
  append_json(text, Json(std::move(out)));
  return text;
}

// The format most of the weights' bytes are in.
std::string Model::quantization() const {
  std::map<std::string_view, uint64_t> bytes;
  for (const StoredTensor& tensor : checkpoint_->tensors) bytes[hadal::name(tensor.dtype)] += tensor.bytes;
  std::string_view most;
  for (const auto& [dtype, count] : bytes)
    if (most.empty() || count > bytes[most]) most = dtype;
  return std::string(most);
}

std::string Model::note() const {
  std::string out;
  const auto add = [&](std::string sentence) { out += (out.empty() ? "" : " ") + sentence; };
  if (declares_draft_layer(*checkpoint_) && !holds_draft_layer(*checkpoint_))
    add("A layer for drafts is declared but absent.");
  if (!tokenizer_) add("There is no tokenizer: token ids only.");
  if (!template_family_.empty())
    add(message("The file has no chat template; the built-in one of ", template_family_, " is used."));
  if (!template_error_.empty()) add(message("The chat template cannot be used: ", template_error_, "."));
  else if (tokenizer_ && !prompts_ && !encoder_) add("There is no chat template: raw text and tokens only.");
  return out;
}

std::string Model::get(std::string_view key) const {
  const auto token = [&](std::optional<int32_t> id) { return id ? message(*id) : std::string(); };
  const auto need = [&]() -> const TextModel& {
    if (!encoder_) scheduler();
    return *text_;
  };
  const Config config = text_ ? text_->config : Config{};
  if (key == "architecture") {
    if (text_) return config.model_type;
    if (const auto name = checkpoint_->metadata.string("general.architecture")) return std::string(*name);
    const Json* type = checkpoint_->config.find("model_type");
    return type && type->as_string() ? *type->as_string() : std::string();
  }
  if (key == "name") {
    if (!config.name.empty()) return as_text(config.name);
    const auto name = checkpoint_->metadata.string("general.name");
    return name ? as_text(*name) : std::string();
  }
  if (key == "license") {
    if (!config.license.empty()) return as_text(config.license);
    const auto license = checkpoint_->metadata.string("general.license");
    return license ? as_text(*license) : std::string();
  }
  if (key == "family") return text_ ? family(config) : std::string();
  if (key == "parameters") return message(need().parameters());
  if (key == "active_parameters") return message(need().active_parameters());
  if (key == "context") return message(need().config.max_position_embeddings);
  if (key == "vocabulary") return message(text_ ? text_->config.vocab_size : int64_t(tokenizer().size()));
  if (key == "tokens") return message(tokenizer().size());
  if (key == "layers") return message(need().config.num_hidden_layers);
  if (key == "hidden") return message(need().config.hidden_size);
  if (key == "quantization") return quantization();
  if (key == "hash") return checkpoint_hash(*checkpoint_);
  if (key == "chat_template") return template_source_;
  if (key == "tensors") return tensors_json();
  if (key == "metadata") {
    Json::Object out;
    for (const auto& [name, value] : checkpoint_->metadata.entries) out.emplace_back(std::string(name), to_json(value));
    std::string text;
    append_json(text, checkpoint_->container == Checkpoint::Container::gguf ? Json(std::move(out)) : checkpoint_->config);
    return text;
  }
  if (key == "weights_bytes") return need(), message(plan_.weights);
  if (key == "packed_bytes") return need(), message(plan_.packed);
  if (key == "arena_bytes") return need(), message(encoder_ ? encoder_->arena_bytes() : scheduler_->arena_bytes());
  if (key == "cache_bytes_per_token")
    return need(), message(program_->cache_layout().page_bytes / size_t(CacheLayout::kPageTokens));
  if (key == "backend" && backend_) return std::string(backend_->name());
  if (key == "cpu" && backend_) return std::string(backend_->level());
  if (key == "threads") return message(runtime_->runner().concurrency());
  if (key == "bos") return token(tokenizer().bos);
  if (key == "eos") return token(tokenizer().eos);
  if (key == "end_of_turn") return joined(tokenizer().end_of_turn);
  if (key == "add_bos") return tokenizer().add_bos ? "on" : "off";
  if (key == "pre_tokenizer") return std::string(tokenizer().pre_tokenizer());
  if (key == "thought_open") return prompts_ ? prompts_->reply_format().thought_open : "";
  if (key == "thought_close") return prompts_ ? prompts_->reply_format().thought_close : "";
  if (key == "load_ms") return message(load_us_ / 1000);
  if (key == "note") return note();
  if (encoder_) {
    if (key == "dimension") return message(encoder_->scores() ? 1 : encoder_->hidden_size());
    if (key == "pooling") return std::string(name_of(encoder_->pooling()));
    if (key == "max_tokens_per_text") return message(encoder_->max_tokens());
    for (const std::string_view side : {"query_prefix", "document_prefix"})
      if (key == side && !options_.is_set(side))
        return side == "query_prefix" ? encoder_->sentence().query_prefix : encoder_->sentence().document_prefix;
  }
  if (key == "dimension" || key == "max_tokens_per_text") return encoder(), std::string();
  if (key == "memory_note") return plan_.memory_note();
  if (key == "trace") {
    if (!trace_log_) throw Error(Status::not_found, "trace: the model was opened without tracing=on");
    const std::lock_guard computing(runtime_->computing());   // nobody writes to it
    return trace_log_->json();
  }
  for (const OptionInfo& option : option_table())
    if (option.key == key) return std::string(options_.get(key));
  const std::string_view near = nearest(key, kFacts);
  throw Error(Status::not_found, message("no fact ", quoted(key), " about a model",
                                         near.empty() ? "" : message("; the nearest is ", quoted(near))));
}

}  // namespace hadal
