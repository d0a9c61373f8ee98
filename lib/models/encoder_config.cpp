// The hyperparameters of models that read a text whole: bert, roberta, xlm-roberta, nomic_bert; of GGUF bert and
// nomic-bert.
#include <algorithm>
#include <array>

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/config_reader.hpp"
#include "models/sentence_config.hpp"

namespace hadal {
namespace {

constexpr std::array<std::string_view, 4> kJsonTypes = {"bert", "roberta", "xlm-roberta", "nomic_bert"};
constexpr std::array<std::string_view, 2> kGgufTypes = {"bert", "nomic-bert"};

std::string_view text(const Json& config, std::string_view key) {
  const Json* value = config.find(key);
  return value && value->as_string() ? std::string_view(*value->as_string()) : std::string_view();
}

// The first of several spellings of a key; `fallback` if there is none.
class Keys {
 public:
  explicit Keys(const Json& config) : config_(config) {}

  std::optional<double> number(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      const Json* value = config_.find(name);
      if (!value || value->is_null()) continue;
      if (const int64_t* integer = value->as_integer()) return double(*integer);
      if (const double* real = value->as_double()) return *real;
      throw Error(Status::corrupt, message("config.json ", name, ": expected a number"));
    }
    return std::nullopt;
  }
  int64_t integer(std::initializer_list<std::string_view> names, std::optional<int64_t> fallback = {}) const {
    for (const std::string_view name : names) {
      const Json* value = config_.find(name);
      if (!value || value->is_null()) continue;
      if (const int64_t* whole = value->as_integer()) return *whole;
      throw Error(Status::corrupt, message("config.json ", name, ": expected a whole number"));
    }
    if (fallback) return *fallback;
    throw Error(Status::corrupt, message("config.json ", *names.begin(), ": expected a whole number, found nothing"));
  }
  // A switch that no model here has in another position.
  void expect_boolean(std::string_view name, bool wanted) const {
    const Json* value = config_.find(name);
    if (value && value->as_bool() && *value->as_bool() != wanted)
      throw Error(Status::unsupported, message("config.json ", name, ": expected ", wanted ? "true" : "false"));
  }
  void expect_text(std::string_view name, std::initializer_list<std::string_view> known) const {
    const std::string_view found = text(config_, name);
    if (!found.empty() && std::find(known.begin(), known.end(), found) == known.end())
      throw Error(Status::unsupported, message("config.json ", name, ": ", quoted(found), " is not supported"));
  }

 private:
  const Json& config_;
};

bool is_classifier(const Json& config) {
  const Json* list = config.find("architectures");
  if (!list || !list->as_array()) return false;
  return std::any_of(list->as_array()->begin(), list->as_array()->end(), [](const Json& name) {
    return name.as_string() && name.as_string()->ends_with("ForSequenceClassification");
  });
}

void read_bert(const Keys& keys, const std::string& model_type, Config& c) {
  keys.expect_text("hidden_act", {"gelu"});
  keys.expect_text("position_embedding_type", {"absolute"});
  c.encoder.layer_norm_eps = float(keys.number({"layer_norm_eps"}).value_or(1e-12));
  c.encoder.type_vocab_size = keys.integer({"type_vocab_size"}, 2);
  c.encoder.position_rows = keys.integer({"max_position_embeddings"}, 512);
  // RoBERTa numbers positions as fairseq does: the padding's row, then those of a text.
  if (model_type != "bert") {
    const int64_t padding = keys.integer({"pad_token_id"}, 1);
    if (padding < 0 || padding >= c.encoder.position_rows)
      throw Error(Status::corrupt, message("config.json pad_token_id: expected a row of the ", c.encoder.position_rows,
                                           " of max_position_embeddings, found ", padding));
    c.encoder.first_position = padding + 1;
  }
  c.max_position_embeddings = c.encoder.position_rows - c.encoder.first_position;
}

void read_nomic(const Keys& keys, const Json& config, Config& c) {
  keys.expect_text("activation_function", {"swiglu"});
  keys.expect_text("hidden_act", {"silu"});
  for (const std::string_view off : {"prenorm", "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "causal",
                                     "rotary_emb_interleaved", "use_rms_norm"})
    keys.expect_boolean(off, false);
  if (keys.integer({"moe_every_n_layers"}, 0) > 0)
    throw Error(Status::unsupported, "config.json moe_every_n_layers: nomic models with experts are not supported");
  c.encoder.layer_norm_eps = float(keys.number({"layer_norm_epsilon", "layer_norm_eps"}).value_or(1e-12));
  c.encoder.type_vocab_size = keys.integer({"type_vocab_size"}, 2);
  const Json* rope = config.find("rope_parameters");
  const Keys rope_keys(rope && rope->as_object() ? *rope : config);
  c.rope_theta = rope_keys.number({"rotary_emb_base", "rope_theta"})
                     .value_or(keys.number({"rotary_emb_base", "rope_theta"}).value_or(1000));
  if (keys.number({"rotary_emb_fraction"}).value_or(1) != 1)
    throw Error(Status::unsupported, "config.json rotary_emb_fraction: expected 1");
  // Beyond what it was trained on the published code changes the rotation; texts are cut or split before that.
  c.max_position_embeddings = keys.integer({"n_positions", "max_position_embeddings"}, 2048);
  c.max_position_embeddings = std::min(c.max_position_embeddings, keys.integer({"max_trained_positions"}, 2048));
}

}  // namespace

bool is_json_encoder(const Checkpoint& checkpoint) {
  return std::count(kJsonTypes.begin(), kJsonTypes.end(), text(checkpoint.config, "model_type")) > 0;
}

bool is_gguf_encoder(const Checkpoint& checkpoint) {
  const auto name = checkpoint.metadata.string("general.architecture");
  return name && std::count(kGgufTypes.begin(), kGgufTypes.end(), *name) > 0;
}

Config encoder_config_from_json(const Checkpoint& checkpoint) {
  const Json& config = checkpoint.config;
  const Keys keys(config);
  Config c;
  c.model_type = text(config, "model_type");
  c.hidden_size = keys.integer({"hidden_size", "n_embd"});
  const int64_t usual = 4 * std::clamp<int64_t>(c.hidden_size, 0, 1 << 28);
  c.intermediate_size = keys.integer({"intermediate_size", "n_inner"}, usual);
  c.num_hidden_layers = keys.integer({"num_hidden_layers", "n_layer"});
  c.num_attention_heads = c.num_key_value_heads = keys.integer({"num_attention_heads", "n_head"});
  c.vocab_size = keys.integer({"vocab_size"});
  if (c.model_type == "nomic_bert") read_nomic(keys, config, c);
  else read_bert(keys, c.model_type, c);
  c.encoder.pooling = is_classifier(config) ? Pooling::rank : sentence_pooling(checkpoint).value_or(Pooling::mean);
  c.name = text(config, "_name_or_path");
  return c;
}

Config encoder_config_from_gguf(const Checkpoint& checkpoint) {
  const Metadata& metadata = checkpoint.metadata;
  const std::string architecture(*metadata.string("general.architecture"));
  const auto key = [&](std::string_view name) { return message(architecture, ".", name); };
  const auto required = [&](std::string_view name) {
    if (const auto value = metadata.integer(key(name))) return *value;
    throw Error(Status::corrupt, message("metadata ", key(name), " is missing"));
  };
  const auto rows_of = [&](std::string_view tensor) -> int64_t {
    const StoredTensor* found = checkpoint.find(tensor);
    return !found ? 0 : found->shape.size() == 2 ? found->shape[0] : 1;
  };
  if (metadata.boolean(key("attention.causal")).value_or(false))
    throw Error(Status::unsupported, message("metadata ", key("attention.causal"), ": expected false"));
  Config c;
  c.model_type = architecture;
  c.hidden_size = required("embedding_length");
  c.intermediate_size = required("feed_forward_length");
  c.num_hidden_layers = required("block_count");
  c.num_attention_heads = c.num_key_value_heads = required("attention.head_count");
  c.max_position_embeddings = required("context_length");
  c.vocab_size = rows_of("token_embd.weight");
  c.encoder.layer_norm_eps = float(metadata.number(key("attention.layer_norm_epsilon")).value_or(1e-12));
  c.encoder.type_vocab_size = rows_of("token_types.weight");
  c.rope_theta = metadata.number(key("rope.freq_base")).value_or(1000);
  if (architecture == "bert") {   // the other one's positions are rotary
    c.encoder.position_rows = rows_of("position_embd.weight");
    c.max_position_embeddings = std::min(c.max_position_embeddings, c.encoder.position_rows);
  }
  c.encoder.pooling = sentence_pooling(checkpoint).value_or(Pooling::mean);
  c.name = metadata.string("general.name").value_or("");
  c.license = metadata.string("general.license").value_or("");
  return c;
}

}  // namespace hadal
