#include "unit/models/tiny_weights.hpp"

#include <cstring>

#include "models/tensor_names.hpp"

namespace hadal::test {
namespace {

uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (unsigned char byte : text) hash = (hash ^ byte) * 0x100000001B3ull;
  return hash;
}

int64_t integer(const Json& config, std::string_view key, int64_t fallback = 0) {
  const Json* value = config.find(key);
  return value && value->as_integer() ? *value->as_integer() : fallback;
}
bool flag(const Json& config, std::string_view key) {
  const Json* value = config.find(key);
  return value && value->as_bool() && *value->as_bool();
}

struct Tiny {
  std::string name;
  std::vector<int64_t> shape;
};

std::vector<Tiny> tensors_of(const Json& config) {
  const int64_t hidden = integer(config, "hidden_size"), ff = integer(config, "intermediate_size");
  const int64_t heads = integer(config, "num_attention_heads"), kv_heads = integer(config, "num_key_value_heads");
  const int64_t head_dim = integer(config, "head_dim", hidden / heads), vocab = integer(config, "vocab_size");
  const std::string type = *config.find("model_type")->as_string();
  const bool all_bias = flag(config, "attention_bias"), qkv_bias = all_bias || type == "qwen2";

  std::vector<Tiny> tensors;
  const auto linear = [&](const std::string& name, int64_t rows, int64_t cols, bool bias) {
    tensors.push_back({name + ".weight", {rows, cols}});
    if (bias) tensors.push_back({name + ".bias", {rows}});
  };
  const auto mlp = [&](const std::string& at, int64_t width) {
    linear(at + "gate_proj", width, hidden, flag(config, "mlp_bias"));
    linear(at + "up_proj", width, hidden, flag(config, "mlp_bias"));
    linear(at + "down_proj", hidden, width, flag(config, "mlp_bias"));
  };
  const int64_t experts = integer(config, "n_routed_experts"), expert_ff = integer(config, "moe_intermediate_size");
  const int64_t kv_rank = integer(config, "kv_lora_rank"), q_rank = integer(config, "q_lora_rank");
  const int64_t nope = integer(config, "qk_nope_head_dim"), rope = integer(config, "qk_rope_head_dim");
  const int64_t value_dim = integer(config, "v_head_dim"), index_dim = integer(config, "index_head_dim");
  const auto latent_attention = [&](const std::string& at) {
    if (q_rank > 0) {
      linear(at + "q_a_proj", q_rank, hidden, false);
      tensors.push_back({at + "q_a_layernorm.weight", {q_rank}});
      linear(at + "q_b_proj", heads * (nope + rope), q_rank, false);
    } else {
      linear(at + "q_proj", heads * (nope + rope), hidden, false);
    }
    linear(at + "kv_a_proj_with_mqa", kv_rank + rope, hidden, false);
    tensors.push_back({at + "kv_a_layernorm.weight", {kv_rank}});
    linear(at + "kv_b_proj", heads * (nope + value_dim), kv_rank, false);
    linear(at + "o_proj", hidden, heads * value_dim, false);
    if (index_dim == 0) return;
    linear(at + "indexer.wq_b", integer(config, "index_n_heads") * index_dim, q_rank, false);
    linear(at + "indexer.wk", index_dim, hidden, false);
    tensors.push_back({at + "indexer.k_norm.weight", {index_dim}});
    tensors.push_back({at + "indexer.k_norm.bias", {index_dim}});
    linear(at + "indexer.weights_proj", integer(config, "index_n_heads"), hidden, false);
  };
  const auto mixture = [&](const std::string& at) {
    tensors.push_back({at + "gate.weight", {experts, hidden}});
    if (type == "deepseek_v3" || type == "deepseek_v32")
      tensors.push_back({at + "gate.e_score_correction_bias", {experts}});
    for (int64_t e = 0; e < experts; ++e) mlp(at + "experts." + std::to_string(e) + ".", expert_ff);
    mlp(at + "shared_experts.", integer(config, "n_shared_experts") * expert_ff);
  };
  tensors.push_back({"model.embed_tokens.weight", {vocab, hidden}});
  const int64_t layers = integer(config, "num_hidden_layers"), drafts = integer(config, "num_nextn_predict_layers");
  for (int64_t layer = 0; layer < layers + drafts; ++layer) {
    const std::string at = "model.layers." + std::to_string(layer) + ".";
    if (layer >= layers) {
      tensors.push_back({at + "enorm.weight", {hidden}});
      tensors.push_back({at + "hnorm.weight", {hidden}});
      linear(at + "eh_proj", hidden, 2 * hidden, false);
      tensors.push_back({at + "shared_head.norm.weight", {hidden}});
    }
    tensors.push_back({at + "input_layernorm.weight", {hidden}});
    if (kv_rank > 0) {
      latent_attention(at + "self_attn.");
    } else {
      linear(at + "self_attn.q_proj", heads * head_dim, hidden, qkv_bias);
      linear(at + "self_attn.k_proj", kv_heads * head_dim, hidden, qkv_bias);
      linear(at + "self_attn.v_proj", kv_heads * head_dim, hidden, qkv_bias);
      linear(at + "self_attn.o_proj", hidden, heads * head_dim, all_bias);
    }
    if (type == "qwen3") {
      tensors.push_back({at + "self_attn.q_norm.weight", {head_dim}});
      tensors.push_back({at + "self_attn.k_norm.weight", {head_dim}});
    }
    tensors.push_back({at + "post_attention_layernorm.weight", {hidden}});
    if (experts > 0 && layer >= integer(config, "first_k_dense_replace")) mixture(at + "mlp.");
    else mlp(at + "mlp.", ff);
  }
  tensors.push_back({"model.norm.weight", {hidden}});
  if (!flag(config, "tie_word_embeddings")) tensors.push_back({"lm_head.weight", {vocab, hidden}});
  return tensors;
}

void store(Checkpoint& checkpoint, std::string name, std::vector<int64_t> shape, Drawn drawn) {
  auto kept = std::make_shared<std::vector<std::byte>>(std::move(drawn.bytes));
  checkpoint.tensors.push_back({name, drawn.dtype, std::move(shape), kept->data(), kept->size(), 0, 0});
  checkpoint.owned.push_back(kept);
  if (drawn.scale_inv.empty()) return;
  auto scales = std::make_shared<std::vector<float>>(std::move(drawn.scale_inv));
  checkpoint.tensors.push_back({name + "_scale_inv", Dtype::f32, drawn.scale_shape,
                                reinterpret_cast<const std::byte*>(scales->data()), scales->size() * sizeof(float), 0, 0});
  checkpoint.owned.push_back(scales);
}

void index(Checkpoint& checkpoint) {
  for (size_t i = 0; i < checkpoint.tensors.size(); ++i) checkpoint.tensor_index[checkpoint.tensors[i].name] = i;
}

// Rows of [heads, 2, half] to [heads, half, 2]: what converters to GGUF do to q and k of llama models.
std::vector<std::byte> permuted(const std::vector<std::byte>& rows, size_t row_bytes, size_t heads) {
  const size_t head_dim = rows.size() / row_bytes / heads, half = head_dim / 2;
  std::vector<std::byte> out(rows.size());
  for (size_t h = 0; h < heads; ++h)
    for (size_t i = 0; i < half; ++i)
      for (size_t s = 0; s < 2; ++s)
        std::memcpy(&out[(h * head_dim + 2 * i + s) * row_bytes], &rows[(h * head_dim + s * half + i) * row_bytes],
                    row_bytes);
  return out;
}

Drawn in_f32(const std::vector<float>& values) {
  Drawn drawn{Dtype::f32, std::vector<std::byte>(values.size() * sizeof(float))};
  std::memcpy(drawn.bytes.data(), values.data(), drawn.bytes.size());
  return drawn;
}

Drawn draw_f32(const std::string& name, const std::vector<int64_t>& shape) {
  return in_f32(weight(name, elements(shape)));
}

}  // namespace

size_t elements(const std::vector<int64_t>& shape) {
  size_t count = 1;
  for (int64_t extent : shape) count *= size_t(extent);
  return count;
}

std::vector<float> uniform(std::string_view name, size_t count) {
  std::vector<float> values(count);
  const uint64_t seed = fnv1a(name);
  for (size_t i = 0; i < count; ++i) {
    uint64_t x = seed + 0x9E3779B97F4A7C15ull * (i + 1);
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    x ^= x >> 31;
    values[i] = float(x >> 40) * 0x1p-23f - 1.0f;
  }
  return values;
}

std::vector<float> weight(std::string_view name, size_t count) {
  std::vector<float> values = uniform(name, count);
  const float centre = name.find("norm") != std::string_view::npos ? 1.0f : 0.0f;
  for (float& value : values) value = centre + value * 0.25f;
  return values;
}

std::shared_ptr<Checkpoint> tiny_checkpoint(const std::string& config_json, Draw draw) {
  if (!draw) draw = draw_f32;
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->container = Checkpoint::Container::safetensors;
  checkpoint->config = parse_json(config_json, "config.json");
  for (const Tiny& tensor : tensors_of(checkpoint->config))
    store(*checkpoint, tensor.name, tensor.shape, draw(tensor.name, tensor.shape));
  index(*checkpoint);
  return checkpoint;
}

namespace {

// What a converter writes under "{architecture}.".
class GgufKeys {
 public:
  GgufKeys(Checkpoint& checkpoint, std::string architecture)
      : checkpoint_(checkpoint), architecture_(std::make_shared<std::string>(std::move(architecture))) {
    checkpoint_.owned.push_back(architecture_);
    checkpoint_.metadata.entries.emplace_back("general.architecture", std::string_view(*architecture_));
  }
  void set(const std::string& key, MetadataValue value) {
    auto full = std::make_shared<std::string>(*architecture_ + "." + key);
    checkpoint_.owned.push_back(full);
    checkpoint_.metadata.entries.emplace_back(std::string_view(*full), std::move(value));
  }
  void finish() {
    auto& metadata = checkpoint_.metadata;
    for (size_t i = 0; i < metadata.entries.size(); ++i) metadata.index[metadata.entries[i].first] = i;
  }

 private:
  Checkpoint& checkpoint_;
  std::shared_ptr<std::string> architecture_;
};

void write_keys(Checkpoint& checkpoint, const Json& config, bool split_kv_b) {
  const std::string type = *config.find("model_type")->as_string();
  GgufKeys keys(checkpoint, type == "deepseek"       ? "deepseek"
                            : type == "deepseek_v32" ? "deepseek32"
                            : type == "llama"        ? "llama"
                                                     : "deepseek2");
  keys.set("embedding_length", integer(config, "hidden_size"));
  keys.set("feed_forward_length", integer(config, "intermediate_size"));
  const int64_t drafts = integer(config, "num_nextn_predict_layers");
  keys.set("block_count", integer(config, "num_hidden_layers") + drafts);
  if (drafts > 0) keys.set("nextn_predict_layers", drafts);
  keys.set("attention.head_count", integer(config, "num_attention_heads"));
  keys.set("context_length", integer(config, "max_position_embeddings"));
  keys.set("attention.layer_norm_rms_epsilon", *config.find("rms_norm_eps")->as_double());
  if (const Json* theta = config.find("rope_theta")) keys.set("rope.freq_base", *theta->as_double());
  if (const Json* scaling = config.find("rope_scaling"); scaling && scaling->as_object()) {
    keys.set("rope.scaling.type", *scaling->find("rope_type")->as_string() == "yarn" ? std::string_view("yarn") : "linear");
    keys.set("rope.scaling.factor", *scaling->find("factor")->as_double());
    keys.set("rope.scaling.original_context_length", integer(*scaling, "original_max_position_embeddings"));
    if (const Json* all_dim = scaling->find("mscale_all_dim"))
      keys.set("rope.scaling.yarn_log_multiplier", 0.1 * *all_dim->as_double());
  }
  if (const int64_t experts = integer(config, "n_routed_experts"); experts > 0) {
    keys.set("expert_count", experts);
    keys.set("expert_used_count", integer(config, "num_experts_per_tok"));
    keys.set("expert_shared_count", integer(config, "n_shared_experts"));
    keys.set("expert_feed_forward_length", integer(config, "moe_intermediate_size"));
    keys.set("leading_dense_block_count", integer(config, "first_k_dense_replace"));
    if (const Json* scale = config.find("routed_scaling_factor")) keys.set("expert_weights_scale", *scale->as_double());
    if (flag(config, "norm_topk_prob")) keys.set("expert_weights_norm", true);
    if (type == "deepseek_v3" || type == "deepseek_v32") keys.set("expert_gating_func", int64_t(2));
    if (const int64_t groups = integer(config, "n_group"); groups > 1) {
      keys.set("expert_group_count", groups);
      keys.set("expert_group_used_count", integer(config, "topk_group"));
    }
  }
  const int64_t rank = integer(config, "kv_lora_rank"), rope = integer(config, "qk_rope_head_dim");
  if (rank == 0) {
    keys.set("attention.head_count_kv", integer(config, "num_key_value_heads"));
    return keys.finish();
  }
  const int64_t key = integer(config, "qk_nope_head_dim") + rope, value = integer(config, "v_head_dim");
  keys.set("attention.head_count_kv", split_kv_b ? 1 : integer(config, "num_attention_heads"));
  keys.set("attention.key_length", split_kv_b ? rank + rope : key);
  keys.set("attention.value_length", split_kv_b ? rank : value);
  if (split_kv_b) {
    keys.set("attention.key_length_mla", key);
    keys.set("attention.value_length_mla", value);
  }
  keys.set("attention.kv_lora_rank", rank);
  if (integer(config, "q_lora_rank") > 0) keys.set("attention.q_lora_rank", integer(config, "q_lora_rank"));
  keys.set("rope.dimension_count", rope);
  if (integer(config, "index_topk") > 0) {
    keys.set("attention.indexer.head_count", integer(config, "index_n_heads"));
    keys.set("attention.indexer.key_length", integer(config, "index_head_dim"));
    keys.set("attention.indexer.top_k", integer(config, "index_topk"));
  }
  keys.finish();
}

// kv_b_proj as today's converters write it: attn_k_b [heads, rank, nope], attn_v_b [heads, value, rank].
void store_split(Checkpoint& checkpoint, const Json& config, const std::string& at, const Drawn& joint) {
  const size_t heads = size_t(integer(config, "num_attention_heads")), rank = size_t(integer(config, "kv_lora_rank"));
  const size_t nope = size_t(integer(config, "qk_nope_head_dim")), value = size_t(integer(config, "v_head_dim"));
  std::vector<float> kv_b(joint.bytes.size() / sizeof(float)), k(heads * rank * nope), v;
  std::memcpy(kv_b.data(), joint.bytes.data(), joint.bytes.size());
  for (size_t h = 0; h < heads; ++h) {
    const float* head = &kv_b[h * (nope + value) * rank];
    for (size_t n = 0; n < nope; ++n)
      for (size_t r = 0; r < rank; ++r) k[(h * rank + r) * nope + n] = head[n * rank + r];
    v.insert(v.end(), head + nope * rank, head + (nope + value) * rank);
  }
  store(checkpoint, gguf_tensor_name(at + "k_b_proj.weight"), {int64_t(heads), int64_t(rank), int64_t(nope)}, in_f32(k));
  store(checkpoint, gguf_tensor_name(at + "v_b_proj.weight"), {int64_t(heads), int64_t(value), int64_t(rank)}, in_f32(v));
}

}  // namespace

std::shared_ptr<Checkpoint> tiny_gguf_checkpoint(const std::string& config_json, bool split_kv_b, Draw draw) {
  if (!draw) draw = draw_f32;
  const Json config = parse_json(config_json, "config.json");
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->container = Checkpoint::Container::gguf;
  write_keys(*checkpoint, config, split_kv_b);
  const bool permute = integer(config, "kv_lora_rank") == 0;

  // The experts of one projection are one tensor: their values follow each other.
  std::vector<std::pair<std::string, Drawn>> stacks;
  std::vector<std::vector<int64_t>> stack_shapes;
  for (const Tiny& tensor : tensors_of(config)) {
    Drawn values = draw(tensor.name, tensor.shape);
    const size_t row_bytes = values.bytes.size() / size_t(tensor.shape[0]);
    if (permute && tensor.name.find("q_proj") != std::string::npos)
      values.bytes = permuted(values.bytes, row_bytes, size_t(integer(config, "num_attention_heads")));
    if (permute && tensor.name.find("k_proj") != std::string::npos)
      values.bytes = permuted(values.bytes, row_bytes, size_t(integer(config, "num_key_value_heads")));
    const size_t expert = tensor.name.find(".mlp.experts.");
    if (expert != std::string::npos) {
      const size_t number = expert + std::string_view(".mlp.experts.").size();
      const std::string name = tensor.name.substr(0, number) + tensor.name.substr(tensor.name.find('.', number) + 1);
      size_t s = 0;
      while (s < stacks.size() && stacks[s].first != name) ++s;
      if (s == stacks.size()) {
        stacks.push_back({name, {values.dtype, {}}});
        stack_shapes.push_back({integer(config, "n_routed_experts"), tensor.shape[0], tensor.shape[1]});
      }
      stacks[s].second.bytes.insert(stacks[s].second.bytes.end(), values.bytes.begin(), values.bytes.end());
    } else if (split_kv_b && tensor.name.ends_with("kv_b_proj.weight")) {
      store_split(*checkpoint, config, tensor.name.substr(0, tensor.name.rfind("kv_b_proj")), values);
    } else {
      store(*checkpoint, gguf_tensor_name(tensor.name), tensor.shape, std::move(values));
    }
  }
  for (size_t s = 0; s < stacks.size(); ++s)
    store(*checkpoint, gguf_tensor_name(stacks[s].first), stack_shapes[s], std::move(stacks[s].second));
  index(*checkpoint);
  return checkpoint;
}

}  // namespace hadal::test
