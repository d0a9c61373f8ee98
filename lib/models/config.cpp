#include "models/config.hpp"

#include <string_view>

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/config_reader.hpp"

namespace hadal {
namespace {

void expect(bool holds, std::string_view key, int64_t found, std::string_view expectation) {
  if (!holds) throw Error(Status::corrupt, message("config ", key, ": expected ", expectation, ", found ", found));
}

// No dimension of a real model comes near these; they keep products of three dimensions inside int64.
constexpr int64_t kLargestDim = int64_t{1} << 24;
constexpr int64_t kMostLayers = 4096;
constexpr int64_t kMostHeads = int64_t{1} << 16;
constexpr int64_t kMostExperts = 4096;

void check_count(std::string_view key, int64_t value, int64_t most) {
  expect(value >= 1 && value <= most, key, value, message("1 to ", most));
}

void check(const MoeConfig& m) {
  check_count("n_routed_experts", m.n_routed_experts, kMostExperts);
  expect(m.n_shared_experts >= 0 && m.n_shared_experts <= kMostExperts, "n_shared_experts", m.n_shared_experts,
         message("0 to ", kMostExperts));
  check_count("moe_intermediate_size", m.moe_intermediate_size, kMostHeads);
  check_count("moe_layer_freq", m.moe_layer_freq, kMostLayers);
  expect(m.first_k_dense_replace >= 0, "first_k_dense_replace", m.first_k_dense_replace, "0 or more");
  check_count("n_group", m.n_group, m.n_routed_experts);
  expect(m.n_routed_experts % m.n_group == 0, "n_group", m.n_group,
         message("a divisor of n_routed_experts, ", m.n_routed_experts));
  check_count("topk_group", m.topk_group, m.n_group);
  check_count("num_experts_per_tok", m.num_experts_per_tok, m.n_routed_experts / m.n_group * m.topk_group);
  if (!(m.routed_scaling_factor > 0 && m.routed_scaling_factor < 1e6f))
    throw Error(Status::corrupt, message("config routed_scaling_factor: expected a positive number, found ",
                                         m.routed_scaling_factor));
}

void check(const EncoderConfig& e, int64_t max_tokens) {
  if (!(e.layer_norm_eps >= 0 && e.layer_norm_eps < 1))
    throw Error(Status::corrupt, message("config layer_norm_eps: expected 0 to 1, found ", e.layer_norm_eps));
  expect(e.type_vocab_size >= 0 && e.type_vocab_size <= 1024, "type_vocab_size", e.type_vocab_size, "0 to 1024");
  expect(e.first_position >= 0 && (e.position_rows == 0 || max_tokens <= e.position_rows - e.first_position),
         "max_position_embeddings", e.position_rows, message(max_tokens, " rows behind the first ", e.first_position));
}

void check(const MlaConfig& m) {
  expect(m.q_lora_rank >= 0 && m.q_lora_rank <= kLargestDim, "q_lora_rank", m.q_lora_rank,
         message("0 to ", kLargestDim));
  check_count("kv_lora_rank", m.kv_lora_rank, kMostHeads);
  check_count("qk_nope_head_dim", m.qk_nope_head_dim, kMostHeads);
  check_count("qk_rope_head_dim", m.qk_rope_head_dim, kMostHeads);
  check_count("v_head_dim", m.v_head_dim, kMostHeads);
  if (m.index_topk == 0) return;
  check_count("index_topk", m.index_topk, int64_t{1} << 20);
  check_count("index_n_heads", m.index_n_heads, kMostHeads);
  check_count("index_head_dim", m.index_head_dim, kMostHeads);
  expect(m.qk_rope_head_dim <= m.index_head_dim, "index_head_dim", m.index_head_dim,
         message("at least qk_rope_head_dim, ", m.qk_rope_head_dim));
  expect(m.q_lora_rank > 0, "q_lora_rank", m.q_lora_rank, "a number above 0 where there is an indexer");
}

void check(const Config& c) {
  check_count("num_hidden_layers", c.num_hidden_layers, kMostLayers);
  check_count("hidden_size", c.hidden_size, kLargestDim);
  check_count("intermediate_size", c.intermediate_size, kLargestDim);
  check_count("num_attention_heads", c.num_attention_heads, kMostHeads);
  check_count("num_key_value_heads", c.num_key_value_heads, kMostHeads);
  check_count("head_dim", c.head_dim, kMostHeads);
  check_count("vocab_size", c.vocab_size, kLargestDim);
  check_count("max_position_embeddings", c.max_position_embeddings, int64_t{1} << 30);
  expect(c.num_attention_heads % c.num_key_value_heads == 0, "num_key_value_heads", c.num_key_value_heads,
         message("a divisor of num_attention_heads, ", c.num_attention_heads));
  expect(c.rotary_dim >= 2 && c.rotary_dim <= c.head_dim && c.rotary_dim % 2 == 0, "rotary dimension", c.rotary_dim,
         message("an even number up to head_dim, ", c.head_dim));
  if (c.moe.n_routed_experts > 0) check(c.moe);
  check(c.encoder, c.max_position_embeddings);
  expect(c.num_nextn_predict_layers >= 0 && c.num_nextn_predict_layers <= 16, "num_nextn_predict_layers",
         c.num_nextn_predict_layers, "0 to 16");
  if (!(c.rms_norm_eps >= 0 && c.rms_norm_eps < 1))
    throw Error(Status::corrupt, message("config rms_norm_eps: expected 0 to 1, found ", c.rms_norm_eps));
  if (!(c.rope_theta > 0 && c.rope_theta < 1e12))
    throw Error(Status::corrupt, message("config rope_theta: expected a positive number, found ", c.rope_theta));
  if (!(c.rope_scaling.factor > 0 && c.rope_scaling.factor < 1e6))
    throw Error(Status::corrupt, message("config rope_scaling.factor: expected a positive number, found ",
                                         c.rope_scaling.factor));
}

}  // namespace

std::string_view name_of(Pooling pooling) {
  switch (pooling) {
    case Pooling::none: return "none";
    case Pooling::mean: return "mean";
    case Pooling::cls: return "cls";
    case Pooling::last: return "last";
    case Pooling::rank: return "rank";
  }
  return "none";
}

Config read_config(const Checkpoint& checkpoint) {
  Config config;
  if (checkpoint.container == Checkpoint::Container::gguf)
    config = is_gguf_encoder(checkpoint) ? encoder_config_from_gguf(checkpoint) : config_from_gguf(checkpoint);
  else
    config = is_json_encoder(checkpoint) ? encoder_config_from_json(checkpoint) : config_from_json(checkpoint);
  if (config.mla.kv_lora_rank > 0) {
    check(config.mla);
    config.head_dim = config.mla.qk_nope_head_dim + config.mla.qk_rope_head_dim;
    config.rotary_dim = config.mla.qk_rope_head_dim;
    config.num_key_value_heads = config.num_attention_heads;   // files count them in several ways
    config.rope_interleaved = true;
  }
  if (config.head_dim == 0 && config.num_attention_heads > 0)
    config.head_dim = config.hidden_size / config.num_attention_heads;
  if (config.rotary_dim == 0) config.rotary_dim = config.head_dim;
  check(config);
  return config;
}

}  // namespace hadal
