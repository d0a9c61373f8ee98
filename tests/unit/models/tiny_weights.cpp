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
  tensors.push_back({"model.embed_tokens.weight", {vocab, hidden}});
  for (int64_t layer = 0; layer < integer(config, "num_hidden_layers"); ++layer) {
    const std::string at = "model.layers." + std::to_string(layer) + ".";
    tensors.push_back({at + "input_layernorm.weight", {hidden}});
    linear(at + "self_attn.q_proj", heads * head_dim, hidden, qkv_bias);
    linear(at + "self_attn.k_proj", kv_heads * head_dim, hidden, qkv_bias);
    linear(at + "self_attn.v_proj", kv_heads * head_dim, hidden, qkv_bias);
    linear(at + "self_attn.o_proj", hidden, heads * head_dim, all_bias);
    if (type == "qwen3") {
      tensors.push_back({at + "self_attn.q_norm.weight", {head_dim}});
      tensors.push_back({at + "self_attn.k_norm.weight", {head_dim}});
    }
    tensors.push_back({at + "post_attention_layernorm.weight", {hidden}});
    linear(at + "mlp.gate_proj", ff, hidden, flag(config, "mlp_bias"));
    linear(at + "mlp.up_proj", ff, hidden, flag(config, "mlp_bias"));
    linear(at + "mlp.down_proj", hidden, ff, flag(config, "mlp_bias"));
  }
  tensors.push_back({"model.norm.weight", {hidden}});
  if (!flag(config, "tie_word_embeddings")) tensors.push_back({"lm_head.weight", {vocab, hidden}});
  return tensors;
}

size_t elements(const std::vector<int64_t>& shape) {
  size_t count = 1;
  for (int64_t extent : shape) count *= size_t(extent);
  return count;
}

void store(Checkpoint& checkpoint, std::string name, std::vector<int64_t> shape, std::vector<float> values) {
  auto kept = std::make_shared<std::vector<float>>(std::move(values));
  checkpoint.tensors.push_back({std::move(name), Dtype::f32, std::move(shape),
                                reinterpret_cast<const std::byte*>(kept->data()), kept->size() * sizeof(float), 0, 0});
  checkpoint.owned.push_back(kept);
}

void index(Checkpoint& checkpoint) {
  for (size_t i = 0; i < checkpoint.tensors.size(); ++i) checkpoint.tensor_index[checkpoint.tensors[i].name] = i;
}

// Rows of [heads, 2, half] to [heads, half, 2]: what converters to GGUF do to q and k of llama models.
std::vector<float> permuted(const std::vector<float>& rows, size_t row_size, size_t heads) {
  const size_t head_dim = rows.size() / row_size / heads, half = head_dim / 2;
  std::vector<float> out(rows.size());
  for (size_t h = 0; h < heads; ++h)
    for (size_t i = 0; i < half; ++i)
      for (size_t s = 0; s < 2; ++s)
        std::memcpy(&out[(h * head_dim + 2 * i + s) * row_size], &rows[(h * head_dim + s * half + i) * row_size],
                    row_size * sizeof(float));
  return out;
}

}  // namespace

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

std::shared_ptr<Checkpoint> tiny_checkpoint(const std::string& config_json) {
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->container = Checkpoint::Container::safetensors;
  checkpoint->config = parse_json(config_json, "config.json");
  for (const Tiny& tensor : tensors_of(checkpoint->config))
    store(*checkpoint, tensor.name, tensor.shape, weight(tensor.name, elements(tensor.shape)));
  index(*checkpoint);
  return checkpoint;
}

std::shared_ptr<Checkpoint> tiny_gguf_checkpoint(const std::string& config_json) {
  const Json config = parse_json(config_json, "config.json");
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->container = Checkpoint::Container::gguf;
  auto& entries = checkpoint->metadata.entries;
  entries.emplace_back("general.architecture", std::string_view("llama"));
  entries.emplace_back("llama.embedding_length", integer(config, "hidden_size"));
  entries.emplace_back("llama.feed_forward_length", integer(config, "intermediate_size"));
  entries.emplace_back("llama.block_count", integer(config, "num_hidden_layers"));
  entries.emplace_back("llama.attention.head_count", integer(config, "num_attention_heads"));
  entries.emplace_back("llama.attention.head_count_kv", integer(config, "num_key_value_heads"));
  entries.emplace_back("llama.context_length", integer(config, "max_position_embeddings"));
  entries.emplace_back("llama.attention.layer_norm_rms_epsilon", 1e-5);
  for (size_t i = 0; i < entries.size(); ++i) checkpoint->metadata.index[entries[i].first] = i;

  for (const Tiny& tensor : tensors_of(config)) {
    std::vector<float> values = weight(tensor.name, elements(tensor.shape));
    const size_t row_size = tensor.shape.size() == 2 ? size_t(tensor.shape[1]) : 1;
    if (tensor.name.find("q_proj") != std::string::npos)
      values = permuted(values, row_size, size_t(integer(config, "num_attention_heads")));
    if (tensor.name.find("k_proj") != std::string::npos)
      values = permuted(values, row_size, size_t(integer(config, "num_key_value_heads")));
    store(*checkpoint, gguf_tensor_name(tensor.name), tensor.shape, std::move(values));
  }
  index(*checkpoint);
  return checkpoint;
}

}  // namespace hadal::test
