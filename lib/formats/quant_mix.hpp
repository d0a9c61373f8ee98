// Which number format each tensor of a quantised file gets: one format for all ("q8_0"), or the published mixes that
// spend more bits where errors cost most ("q4_k_m"). The rules are those of llama.cpp's quantiser, so that a mix here
// has the same types, tensor by tensor, as the files people know by that name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/dtype.hpp"

namespace hadal {

struct QuantMix {
  enum class Rule : uint8_t { uniform, q3_k_s, q3_k_m, q3_k_l, q4_k_s, q4_k_m, q5_k_s, q5_k_m };

  std::string_view name;   // lower case: "q4_k_m"
  Dtype base;
  Rule rule;
  uint32_t file_type;      // general.file_type
};

std::span<const QuantMix> quant_mixes();
// In upper or lower case; throws Error(invalid_argument) listing the known names.
const QuantMix& quant_mix(std::string_view name);

// What the rules look at beyond a tensor's name.
struct MixFacts {
  int64_t num_layers = 0;
  int64_t num_experts = 0;
  bool has_output = true;      // false: token_embd.weight is also the output
  bool is_llama_70b = false;   // 80 layers with grouped heads: attn_v is small and gets more bits
};

// Chooses for the tensors of one model, asked in file order: some rules count.
class MixChooser {
 public:
  // num_attention_values: tensors named attn_v.weight, attn_qkv.weight or attn_kv_b.weight.
  MixChooser(const QuantMix& mix, const MixFacts& facts, int64_t num_attention_values)
      : mix_(mix), facts_(facts), num_attention_values_(num_attention_values) {}

  // name: as GGUF spells it. shape: slowest axis first. `from` is returned for integers, which are never converted.
  Dtype choose(std::string_view name, std::span<const int64_t> shape, Dtype from);

 private:
  Dtype ruled(std::string_view name);
  bool more_bits(int64_t i, int64_t n) const;
  int64_t layer_of(std::string_view name, int64_t running) const;

  QuantMix mix_;
  MixFacts facts_;
  int64_t num_attention_values_;
  int64_t attention_values_ = 0, ffn_downs_ = 0;   // seen so far
};

}  // namespace hadal
