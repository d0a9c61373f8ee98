// Deterministic random weights, the same as tests/golden/recipes/tiny_models.py draws: a golden needs no weight file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/checkpoint.hpp"

namespace hadal::test {

// `count` values in [-1, 1) with 24 bits, from splitmix64 of the name's FNV-1a hash.
std::vector<float> uniform(std::string_view name, size_t count);

// Norm weights around 1, everything else around 0.
std::vector<float> weight(std::string_view name, size_t count);

size_t elements(const std::vector<int64_t>& shape);

// A tensor's bytes; with FP8 its scales, stored beside it as <name>_scale_inv.
struct Drawn {
  Dtype dtype;
  std::vector<std::byte> bytes;
  std::vector<float> scale_inv = {};
  std::vector<int64_t> scale_shape = {};
};
// Makes the tensor of a published name; nothing: weight() as f32.
using Draw = std::function<Drawn(const std::string& name, const std::vector<int64_t>& shape)>;

// A checkpoint in memory, as a safetensors folder with that config.json would be read.
std::shared_ptr<Checkpoint> tiny_checkpoint(const std::string& config_json, Draw draw = {});

// The same model as a GGUF file of it is read: GGUF names and keys; q and k rows of ordinary attention permuted for
// interleaved rotation, experts stacked, kv_b in one piece or split in two.
std::shared_ptr<Checkpoint> tiny_gguf_checkpoint(const std::string& config_json, bool split_kv_b = true,
                                                 Draw draw = {});

}  // namespace hadal::test
