// A model's hyperparameters, spelled as in config.json, whichever container they were read from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/checkpoint.hpp"

namespace hadal {

// rope_scaling of config.json, or {a}.rope.scaling.* of GGUF.
struct RopeScaling {
  enum class Type : uint8_t { none, linear, yarn, llama3 };
  Type type = Type::none;
  double factor = 1;
  double original_max_position_embeddings = 0;
  double low_freq_factor = 1, high_freq_factor = 4;    // llama3
  double beta_fast = 32, beta_slow = 1;                // yarn
  bool truncate = true;                                // yarn: floor and ceil of the correction range
  std::optional<double> attention_factor = std::nullopt, attn_factor = std::nullopt; // yarn: magnitude given, or an extra multiplier
  std::optional<double> mscale = std::nullopt, mscale_all_dim = std::nullopt;        // yarn, DeepSeek form
};

// A layer of experts: DeepSeekMoE. n_routed_experts is 0 in dense models.
struct MoeConfig {
  enum class TopkMethod : uint8_t { greedy, group_limited_greedy, noaux_tc };
  int64_t n_routed_experts = 0;
  int64_t n_shared_experts = 0;
  int64_t num_experts_per_tok = 0;
  int64_t moe_intermediate_size = 0;
  int64_t first_k_dense_replace = 0;   // layers before it have an ordinary feed-forward
  int64_t moe_layer_freq = 1;
  int64_t n_group = 1;
  int64_t topk_group = 1;
  TopkMethod topk_method = TopkMethod::greedy;
  bool sigmoid = false;                // scoring_func; otherwise softmax
  bool norm_topk_prob = false;
  float routed_scaling_factor = 1;

  bool at(int64_t layer) const {
    return n_routed_experts > 0 && layer >= first_k_dense_replace && layer % moe_layer_freq == 0;
  }
};

// Multi-head latent attention. kv_lora_rank is 0 in models with ordinary attention.
struct MlaConfig {
  int64_t q_lora_rank = 0;             // 0: one q_proj
  int64_t kv_lora_rank = 0;
  int64_t qk_nope_head_dim = 0;
  int64_t qk_rope_head_dim = 0;
  int64_t v_head_dim = 0;
  int64_t index_n_heads = 0;           // the sparse attention's indexer; 0: none
  int64_t index_head_dim = 0;
  int64_t index_topk = 0;
};

// How the rows of a text become one: their mean, the first, the last, or the first one's score (cross-encoders).
enum class Pooling : uint8_t { none, mean, cls, last, rank };
std::string_view name_of(Pooling pooling);

// Models that read a text whole, every token seeing all others: BERT and its kin. All zero in others.
struct EncoderConfig {
  float layer_norm_eps = 0;
  int64_t type_vocab_size = 0;    // rows of the table of token types; 0: no such table
  int64_t position_rows = 0;      // rows of the table of positions; 0: rotary positions
  int64_t first_position = 0;     // the row of a text's first token
  Pooling pooling = Pooling::none;   // what the file says; none: nothing
};

struct Config {
  std::string model_type;   // "llama", "qwen2", "qwen3": the architecture, as config.json names it
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_hidden_layers = 0;
  int64_t num_attention_heads = 0;
  int64_t num_key_value_heads = 0;
  int64_t head_dim = 0;
  int64_t rotary_dim = 0;              // leading columns of a head that are rotated; head_dim unless the file says less
  int64_t vocab_size = 0;              // rows of the embedding and the head, padding included
  int64_t max_position_embeddings = 0;
  float rms_norm_eps = 1e-6f;
  double rope_theta = 10000;
  RopeScaling rope_scaling;
  MoeConfig moe;
  MlaConfig mla;
  EncoderConfig encoder;
  Pooling pooling = Pooling::none;     // none: the graph gives logits
  int64_t num_nextn_predict_layers = 0;   // draft layers behind the model's own num_hidden_layers
  bool tie_word_embeddings = false;
  bool qkv_bias = false;               // biases on q, k and v
  bool o_bias = false;                 // a bias on o
  bool mlp_bias = false;               // llama: biases on gate, up and down

  bool rope_interleaved = false;       // GGUF llama files hold q and k rows permuted for interleaved pairs
  std::vector<float> rope_divisors;    // rope_freqs.weight of GGUF: each inverse frequency is divided by it
  std::string name;                    // general.name, or empty
  std::string license;                 // general.license, or empty
};

// Throws Error(unsupported) for an unknown architecture, Error(corrupt) naming a key that is missing or senseless.
Config read_config(const Checkpoint& checkpoint);

}  // namespace hadal
