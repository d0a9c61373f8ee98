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
  if (const int64_t value_dim = keys.integer("attention.value_length", c.head_dim); value_dim != c.head_dim)
    throw Error(Status::unsupported, message("metadata ", keys.key("attention.value_length"), ": expected ", c.head_dim,
                                             " as the keys, found ", value_dim));
  c.rotary_dim = keys.integer("rope.dimension_count", 0);
  c.max_position_embeddings = keys.required("context_length");
  c.rms_norm_eps = float(keys.number("attention.layer_norm_rms_epsilon", 1e-5));
  c.rope_theta = keys.number("rope.freq_base", 10000);
  c.rope_scaling = scaling(metadata, keys, c.max_position_embeddings);
  c.rope_divisors = divisors(checkpoint);
  c.rope_interleaved = *architecture == "llama";
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
