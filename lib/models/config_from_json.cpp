#include <cmath>

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/config_reader.hpp"

namespace hadal {
namespace {

[[noreturn]] void refuse(std::string_view key, std::string_view expectation) {
  throw Error(Status::corrupt, message("config.json ", key, ": expected ", expectation));
}

std::optional<double> number(const Json* object, std::string_view key) {
  const Json* value = object ? object->find(key) : nullptr;
  if (!value || value->is_null()) return std::nullopt;
  if (const int64_t* integer = value->as_integer()) return double(*integer);
  if (const double* real = value->as_double()) return *real;
  refuse(key, "a number");
}

std::optional<int64_t> integer(const Json* object, std::string_view key) {
  const Json* value = object ? object->find(key) : nullptr;
  if (!value || value->is_null()) return std::nullopt;
  if (const int64_t* whole = value->as_integer()) return *whole;
  refuse(key, "a whole number");
}

int64_t required(const Json& config, std::string_view key) {
  if (const auto value = integer(&config, key)) return *value;
  refuse(key, "a whole number, found nothing");
}

bool boolean(const Json& config, std::string_view key, bool fallback) {
  const Json* value = config.find(key);
  if (!value || value->is_null()) return fallback;
  if (const bool* flag = value->as_bool()) return *flag;
  refuse(key, "true or false");
}

RopeScaling scaling(const Json* object, int64_t context) {
  RopeScaling scaling;
  scaling.original_max_position_embeddings = double(context);
  if (!object || !object->as_object()) return scaling;
  const Json* kind = object->find("rope_type");
  if (!kind) kind = object->find("type");
  const std::string* type = kind ? kind->as_string() : nullptr;
  if (!type || *type == "default" || *type == "none") return scaling;
  if (*type == "linear") scaling.type = RopeScaling::Type::linear;
  else if (*type == "yarn") scaling.type = RopeScaling::Type::yarn;
  else if (*type == "llama3") scaling.type = RopeScaling::Type::llama3;
  else throw Error(Status::unsupported, message("config.json rope_scaling: unknown kind ", quoted(*type)));
  scaling.factor = number(object, "factor").value_or(1);
  scaling.original_max_position_embeddings =
      number(object, "original_max_position_embeddings").value_or(double(context));
  scaling.low_freq_factor = number(object, "low_freq_factor").value_or(1);
  scaling.high_freq_factor = number(object, "high_freq_factor").value_or(4);
  scaling.beta_fast = number(object, "beta_fast").value_or(32);
  scaling.beta_slow = number(object, "beta_slow").value_or(1);
  scaling.truncate = boolean(*object, "truncate", true);
  scaling.attention_factor = number(object, "attention_factor");
  scaling.attn_factor = number(object, "attn_factor");
  scaling.mscale = number(object, "mscale");
  scaling.mscale_all_dim = number(object, "mscale_all_dim");
  return scaling;
}

}  // namespace

Config config_from_json(const Checkpoint& checkpoint) {
  const Json& config = checkpoint.config;
  const Json* type = config.find("model_type");
  if (!type || !type->as_string()) refuse("model_type", "a name");

  Config c;
  c.model_type = *type->as_string();
  c.hidden_size = required(config, "hidden_size");
  c.intermediate_size = required(config, "intermediate_size");
  c.num_hidden_layers = required(config, "num_hidden_layers");
  c.num_attention_heads = required(config, "num_attention_heads");
  c.num_key_value_heads = integer(&config, "num_key_value_heads").value_or(c.num_attention_heads);
  c.head_dim = integer(&config, "head_dim").value_or(0);
  c.vocab_size = required(config, "vocab_size");
  c.max_position_embeddings = integer(&config, "max_position_embeddings").value_or(2048);
  c.rms_norm_eps = float(number(&config, "rms_norm_eps").value_or(1e-6));
  c.tie_word_embeddings = boolean(config, "tie_word_embeddings", false) || !checkpoint.find("lm_head.weight");
  c.o_bias = boolean(config, "attention_bias", false);
  c.qkv_bias = c.model_type == "qwen2" || c.o_bias;   // Qwen2 has them without saying so
  c.mlp_bias = boolean(config, "mlp_bias", false);

  // Newer files keep theta and scaling together under rope_parameters.
  const Json* rope = config.find("rope_parameters");
  if (!rope || !rope->as_object()) rope = config.find("rope_scaling");
  c.rope_theta = number(&config, "rope_theta").value_or(number(rope, "rope_theta").value_or(10000));
  c.rope_scaling = scaling(rope, c.max_position_embeddings);
  const auto partial = number(&config, "partial_rotary_factor");
  if (partial && c.head_dim == 0 && c.num_attention_heads > 0) c.head_dim = c.hidden_size / c.num_attention_heads;
  if (partial) c.rotary_dim = int64_t(std::lround(*partial * double(c.head_dim)));

  const bool uses_window = boolean(config, "use_sliding_window", c.model_type == "mistral");
  if (const auto window = integer(&config, "sliding_window");
      uses_window && window && *window < c.max_position_embeddings)
    throw Error(Status::unsupported,
                message("config.json sliding_window: attention over a window of ", *window, " tokens is not supported"));
  return c;
}

}  // namespace hadal
