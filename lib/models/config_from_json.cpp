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

std::string_view text(const Json& config, std::string_view key, std::string_view fallback) {
  const Json* value = config.find(key);
  if (!value || value->is_null()) return fallback;
  if (const std::string* found = value->as_string()) return *found;
  refuse(key, "a name");
}

MoeConfig experts(const Json& config, std::string_view model_type) {
  MoeConfig m;
  const auto count = [&](std::string_view key, int64_t fallback) { return integer(&config, key).value_or(fallback); };
  m.n_routed_experts = count("n_routed_experts", 0);
  if (m.n_routed_experts == 0) return m;
  m.n_shared_experts = count("n_shared_experts", 0);
  m.num_experts_per_tok = required(config, "num_experts_per_tok");
  m.moe_intermediate_size = required(config, "moe_intermediate_size");
  m.first_k_dense_replace = count("first_k_dense_replace", 0);
  m.moe_layer_freq = count("moe_layer_freq", 1);
  m.norm_topk_prob = boolean(config, "norm_topk_prob", false);
  m.routed_scaling_factor = float(number(&config, "routed_scaling_factor").value_or(1));
  // The first models say nothing, V3's class knows but one way.
  const bool v3 = model_type == "deepseek_v3" || model_type == "deepseek_v32";
  const std::string_view method = text(config, "topk_method", v3 ? "noaux_tc" : "greedy");
  if (method == "greedy") m.topk_method = MoeConfig::TopkMethod::greedy;
  else if (method == "group_limited_greedy") m.topk_method = MoeConfig::TopkMethod::group_limited_greedy;
  else if (method == "noaux_tc") m.topk_method = MoeConfig::TopkMethod::noaux_tc;
  else throw Error(Status::unsupported, message("config.json topk_method: unknown kind ", quoted(method)));
  const std::string_view scoring = text(config, "scoring_func", v3 ? "sigmoid" : "softmax");
  if (scoring != "softmax" && scoring != "sigmoid")
    throw Error(Status::unsupported, message("config.json scoring_func: unknown kind ", quoted(scoring)));
  m.sigmoid = scoring == "sigmoid";
  if (m.topk_method != MoeConfig::TopkMethod::greedy) {
    m.n_group = count("n_group", 1);
    m.topk_group = count("topk_group", 1);
  }
  return m;
}

MlaConfig latent_attention(const Json& config) {
  MlaConfig m;
  m.kv_lora_rank = integer(&config, "kv_lora_rank").value_or(0);
  if (m.kv_lora_rank == 0) return m;
  m.q_lora_rank = integer(&config, "q_lora_rank").value_or(0);
  m.qk_nope_head_dim = required(config, "qk_nope_head_dim");
  m.qk_rope_head_dim = required(config, "qk_rope_head_dim");
  m.v_head_dim = required(config, "v_head_dim");
  m.index_topk = integer(&config, "index_topk").value_or(0);
  if (m.index_topk == 0) return m;
  m.index_n_heads = required(config, "index_n_heads");
  m.index_head_dim = required(config, "index_head_dim");
  return m;
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
  c.tie_word_embeddings = boolean(config, "tie_word_embeddings", !checkpoint.find("lm_head.weight"));
  c.o_bias = boolean(config, "attention_bias", false);
  c.qkv_bias = c.model_type == "qwen2" || c.o_bias;   // Qwen2 has them without saying so
  c.mlp_bias = boolean(config, "mlp_bias", false);

  c.moe = experts(config, c.model_type);
  c.mla = latent_attention(config);
  c.num_nextn_predict_layers = integer(&config, "num_nextn_predict_layers").value_or(0);

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
