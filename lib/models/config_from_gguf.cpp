#include <algorithm>
#include <string>

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/config_reader.hpp"

namespace hadal {
namespace {

// Keys of one architecture: {a}.name.
class Keys {
 public:
  Keys(const Metadata& metadata, std::string_view architecture) : metadata_(metadata), prefix_(architecture) {
    prefix_ += '.';
  }
  std::string key(std::string_view name) const { return prefix_ + std::string(name); }

  int64_t integer(std::string_view name, int64_t fallback) const {
    return metadata_.integer(key(name)).value_or(fallback);
  }
  int64_t required(std::string_view name) const {
    if (const auto value = metadata_.integer(key(name))) return *value;
    throw Error(Status::corrupt, message("metadata ", key(name), " is missing"));
  }
  double number(std::string_view name, double fallback) const {
    return metadata_.number(key(name)).value_or(fallback);
  }
  std::optional<double> number(std::string_view name) const { return metadata_.number(key(name)); }

  // A count that some files give per layer; models here need it equal in all.
  int64_t count(std::string_view name, int64_t fallback) const {
    const MetadataValue* value = metadata_.find(key(name));
    if (!value || !std::holds_alternative<std::vector<int64_t>>(*value)) return integer(name, fallback);
    const auto per_layer = metadata_.integers(key(name));
    if (per_layer.empty()) return fallback;
    for (int64_t layer : per_layer)
      if (layer != per_layer[0])
        throw Error(Status::unsupported, message("metadata ", key(name), ": layers of different sizes"));
    return per_layer[0];
  }

 private:
  const Metadata& metadata_;
  std::string prefix_;
};

RopeScaling scaling(const Metadata& metadata, const Keys& keys, int64_t context) {
  RopeScaling scaling;
  const std::string_view type = metadata.string(keys.key("rope.scaling.type")).value_or("none");
  scaling.factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 1.0));
  if (type == "yarn") {
    scaling.type = RopeScaling::Type::yarn;
  } else if (type == "linear" || (type == "none" && metadata.find(keys.key("rope.scale_linear")))) {
    scaling.type = RopeScaling::Type::linear;
  } else if (type != "none") {
    throw Error(Status::unsupported, message("metadata ", keys.key("rope.scaling.type"), ": unknown kind ",
                                             quoted(type)));
  }
  if (scaling.factor == 0) scaling.factor = 1;   // written by some converters for "none"
  scaling.original_max_position_embeddings =
      keys.number("rope.scaling.original_context_length", double(context));
  scaling.beta_fast = keys.number("rope.scaling.yarn_beta_fast", 32);
  scaling.beta_slow = keys.number("rope.scaling.yarn_beta_slow", 1);
  scaling.attn_factor = keys.number("rope.scaling.attn_factor");
  return scaling;
}

std::vector<float> divisors(const Checkpoint& checkpoint) {
  const StoredTensor* tensor = checkpoint.find("rope_freqs.weight");
  if (!tensor) return {};
  if (tensor->dtype != Dtype::f32 || tensor->shape.size() != 1 || tensor->shape[0] > 1 << 16)
    throw Error(Status::corrupt, "rope_freqs.weight: expected an f32 vector");
  std::vector<float> values(size_t(tensor->shape[0]));
  std::copy_n(tensor->data, tensor->bytes, reinterpret_cast<std::byte*>(values.data()));
  for (float value : values)
    if (!(value > 0)) throw Error(Status::corrupt, message("rope_freqs.weight: expected divisors above 0, found ", value));
  return values;
}

MoeConfig experts(const Checkpoint& checkpoint, const Keys& keys, int64_t layers) {
  MoeConfig m;
  m.n_routed_experts = keys.integer("expert_count", 0);
  if (m.n_routed_experts == 0) return m;
  m.n_shared_experts = keys.integer("expert_shared_count", 0);
  m.num_experts_per_tok = keys.required("expert_used_count");
  m.moe_intermediate_size = keys.required("expert_feed_forward_length");
  m.first_k_dense_replace = keys.integer("leading_dense_block_count", 0);
  m.norm_topk_prob = checkpoint.metadata.boolean(keys.key("expert_weights_norm")).value_or(false);
  m.routed_scaling_factor = float(keys.number("expert_weights_scale", 1));
  if (m.routed_scaling_factor == 0) m.routed_scaling_factor = 1;   // some converters' word for none
  bool has_bias = false;
  for (int64_t layer = 0; layer < layers && !has_bias; ++layer)
    has_bias = checkpoint.find(message("blk.", layer, ".exp_probs_b.bias")) != nullptr;
  // Early files of V3 do not say how they score, but only its way has a bias.
  const int64_t gating = keys.integer("expert_gating_func", 0);
  if (gating != 0 && gating != 1 && gating != 2)
    throw Error(Status::unsupported, message("metadata ", keys.key("expert_gating_func"), ": expected 1 (softmax) or 2 "
                                             "(sigmoid), found ", gating));
  m.sigmoid = gating == 2 || (gating == 0 && has_bias);
  // Nor do they name the groups of the two sizes that have them.
  const int64_t groups = m.n_routed_experts == 256 || m.n_routed_experts == 160 ? 8 : 1;
  m.n_group = std::max<int64_t>(keys.integer("expert_group_count", groups), 1);
  m.topk_group = keys.integer("expert_group_used_count", m.n_group != 8 ? m.n_group : m.n_routed_experts == 256 ? 4 : 3);
  if (m.n_group == 1) m.topk_group = 1;
  m.topk_method = m.sigmoid     ? MoeConfig::TopkMethod::noaux_tc
                  : m.n_group > 1 ? MoeConfig::TopkMethod::group_limited_greedy
                                  : MoeConfig::TopkMethod::greedy;
  return m;
}

// Files describe the heads as they are, or since 2025 as the absorbed form sees them, with the true sizes in *_mla.
MlaConfig latent_attention(const Keys& keys) {
  MlaConfig m;
  m.kv_lora_rank = keys.integer("attention.kv_lora_rank", 0);
  if (m.kv_lora_rank == 0) return m;
  m.q_lora_rank = keys.integer("attention.q_lora_rank", 0);
  m.qk_rope_head_dim = keys.required("rope.dimension_count");
  const int64_t key_dim = keys.integer("attention.key_length_mla", keys.integer("attention.key_length", 0));
  if (m.qk_rope_head_dim > 0 && key_dim > m.qk_rope_head_dim) m.qk_nope_head_dim = key_dim - m.qk_rope_head_dim;
  m.v_head_dim = keys.integer("attention.value_length_mla", keys.integer("attention.value_length", 0));
  m.index_topk = keys.integer("attention.indexer.top_k", 0);
  m.index_n_heads = keys.integer("attention.indexer.head_count", 0);
  m.index_head_dim = keys.integer("attention.indexer.key_length", 0);
  return m;
}

// yarn_log_multiplier is 0.1 * mscale_all_dim, and mscale is the same in every release. Files older than the key get
// what their release has: V2 0.707, and V3, the first to score by sigmoid, 1.
void read_mscale(const Keys& keys, const MoeConfig& moe, RopeScaling& scaling) {
  const double all_dim = keys.number("rope.scaling.yarn_log_multiplier", moe.sigmoid ? 0.1 : 0.0707) * 10;
  scaling.mscale = scaling.mscale_all_dim = all_dim;
  scaling.attn_factor = std::nullopt;   // written for engines that multiply the magnitude by it; ours is 1
}

}  // namespace

Config config_from_gguf(const Checkpoint& checkpoint) {
  const Metadata& metadata = checkpoint.metadata;
  const auto architecture = metadata.string("general.architecture");
  if (!architecture) throw Error(Status::corrupt, "metadata general.architecture is missing");
  const Keys keys(metadata, *architecture);

  Config c;
  c.model_type = *architecture;
  c.hidden_size = keys.required("embedding_length");
  c.intermediate_size = keys.count("feed_forward_length", 0);
  c.num_hidden_layers = keys.required("block_count");
  c.num_attention_heads = keys.count("attention.head_count", 0);
  c.num_key_value_heads = keys.count("attention.head_count_kv", c.num_attention_heads);
  c.head_dim = keys.integer("attention.key_length", 0);
  c.mla = latent_attention(keys);
  c.num_nextn_predict_layers = keys.integer("nextn_predict_layers", 0);
  if (c.num_nextn_predict_layers > 0 && c.num_nextn_predict_layers < c.num_hidden_layers)
    c.num_hidden_layers -= c.num_nextn_predict_layers;   // block_count has them too
  c.moe = experts(checkpoint, keys, std::min<int64_t>(c.num_hidden_layers, 4096));
  if (const int64_t value_dim = keys.integer("attention.value_length", c.head_dim);
      value_dim != c.head_dim && c.mla.kv_lora_rank == 0)
    throw Error(Status::unsupported, message("metadata ", keys.key("attention.value_length"), ": expected ", c.head_dim,
                                             " as the keys, found ", value_dim));
  c.rotary_dim = keys.integer("rope.dimension_count", 0);
  c.max_position_embeddings = keys.required("context_length");
  c.rms_norm_eps = float(keys.number("attention.layer_norm_rms_epsilon", 1e-5));
  c.rope_theta = keys.number("rope.freq_base", 10000);
  c.rope_scaling = scaling(metadata, keys, c.max_position_embeddings);
  if (c.mla.kv_lora_rank > 0) read_mscale(keys, c.moe, c.rope_scaling);
  c.rope_divisors = divisors(checkpoint);
  c.rope_interleaved = *architecture == "llama" || *architecture == "deepseek";
  c.tie_word_embeddings = checkpoint.find("output.weight") == nullptr;
  c.qkv_bias = checkpoint.find("blk.0.attn_q.bias") != nullptr;
  c.o_bias = checkpoint.find("blk.0.attn_output.bias") != nullptr;
  c.mlp_bias = checkpoint.find("blk.0.ffn_gate.bias") != nullptr;
  if (const int64_t window = keys.integer("attention.sliding_window", 0); window > 0 && window < c.max_position_embeddings)
    throw Error(Status::unsupported, message("metadata ", keys.key("attention.sliding_window"),
                                             ": attention over a window of ", window, " tokens is not supported"));

  // The embedding's own size is what counts; the key is absent in many files.
  if (const StoredTensor* table = checkpoint.find("token_embd.weight"); table && table->shape.size() == 2)
    c.vocab_size = table->shape[0];
  else
    c.vocab_size = keys.integer("vocab_size", int64_t(metadata.strings("tokenizer.ggml.tokens").size()));
  c.name = metadata.string("general.name").value_or("");
  c.license = metadata.string("general.license").value_or("");
  return c;
}

}  // namespace hadal
