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

void check_count(std::string_view key, int64_t value, int64_t most) {
  expect(value >= 1 && value <= most, key, value, message("1 to ", most));
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
  if (!(c.rms_norm_eps >= 0 && c.rms_norm_eps < 1))
    throw Error(Status::corrupt, message("config rms_norm_eps: expected 0 to 1, found ", c.rms_norm_eps));
  if (!(c.rope_theta > 0 && c.rope_theta < 1e12))
    throw Error(Status::corrupt, message("config rope_theta: expected a positive number, found ", c.rope_theta));
  if (!(c.rope_scaling.factor > 0 && c.rope_scaling.factor < 1e6))
    throw Error(Status::corrupt, message("config rope_scaling.factor: expected a positive number, found ",
                                         c.rope_scaling.factor));
}

}  // namespace

Config read_config(const Checkpoint& checkpoint) {
  Config config =
      checkpoint.container == Checkpoint::Container::gguf ? config_from_gguf(checkpoint) : config_from_json(checkpoint);
  if (config.head_dim == 0 && config.num_attention_heads > 0)
    config.head_dim = config.hidden_size / config.num_attention_heads;
  if (config.rotary_dim == 0) config.rotary_dim = config.head_dim;
  check(config);
  return config;
}

}  // namespace hadal
