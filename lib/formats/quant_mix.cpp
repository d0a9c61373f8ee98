#include "formats/quant_mix.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

using Rule = QuantMix::Rule;

constexpr std::array kMixes = {
    QuantMix{"f32", Dtype::f32, Rule::uniform, 0},      QuantMix{"f16", Dtype::f16, Rule::uniform, 1},
    QuantMix{"bf16", Dtype::bf16, Rule::uniform, 32},   QuantMix{"q8_0", Dtype::q8_0, Rule::uniform, 7},
    QuantMix{"q6_k", Dtype::q6_k, Rule::uniform, 18},   QuantMix{"q5_k_m", Dtype::q5_k, Rule::q5_k_m, 17},
    QuantMix{"q5_k_s", Dtype::q5_k, Rule::q5_k_s, 16},  QuantMix{"q5_k", Dtype::q5_k, Rule::uniform, 16},
    QuantMix{"q5_1", Dtype::q5_1, Rule::uniform, 9},    QuantMix{"q5_0", Dtype::q5_0, Rule::uniform, 8},
    QuantMix{"q4_k_m", Dtype::q4_k, Rule::q4_k_m, 15},  QuantMix{"q4_k_s", Dtype::q4_k, Rule::q4_k_s, 14},
    QuantMix{"q4_k", Dtype::q4_k, Rule::uniform, 14},   QuantMix{"q4_1", Dtype::q4_1, Rule::uniform, 3},
    QuantMix{"q4_0", Dtype::q4_0, Rule::uniform, 2},    QuantMix{"iq4_nl", Dtype::iq4_nl, Rule::uniform, 25},
    QuantMix{"q3_k_l", Dtype::q3_k, Rule::q3_k_l, 13},  QuantMix{"q3_k_m", Dtype::q3_k, Rule::q3_k_m, 12},
    QuantMix{"q3_k_s", Dtype::q3_k, Rule::q3_k_s, 11},  QuantMix{"q3_k", Dtype::q3_k, Rule::uniform, 11},
    QuantMix{"q2_k", Dtype::q2_k, Rule::uniform, 10},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

bool contains(std::string_view name, std::string_view part) { return name.find(part) != name.npos; }

bool is_integer(Dtype dtype) {
  switch (dtype) {
    case Dtype::i8: case Dtype::i16: case Dtype::i32: case Dtype::i64: case Dtype::u8: case Dtype::boolean: return true;
    default: return false;
  }
}

// Vectors, routers and the small tensors whose rounding would be felt by every token stay f32.
bool stays_f32(std::string_view name, size_t dimensions) {
  if (dimensions < 2) return true;
  const bool weight = name.size() > 7 && name.substr(name.size() - 7) == ".weight";
  if (!weight) return true;   // biases, exp_probs_b
  for (std::string_view part : {"_norm.weight", "ffn_gate_inp.weight", "indexer.proj.weight", "_compressor_ape.weight"})
    if (contains(name, part)) return true;
  return contains(name, "hc_") || contains(name, "attn_sinks") || contains(name, "rope_freqs");
}

// The next wider format for rows that are no multiple of 256, and f16 for those that are none of 32.
Dtype fitting(Dtype dtype, int64_t row) {
  if (row % info(dtype).block_elements == 0) return dtype;
  switch (dtype) {
    case Dtype::q2_k: case Dtype::q3_k: case Dtype::iq4_xs: dtype = Dtype::iq4_nl; break;
    case Dtype::q4_k: dtype = Dtype::q5_0; break;
    case Dtype::q5_k: dtype = Dtype::q5_1; break;
    case Dtype::q6_k: dtype = Dtype::q8_0; break;
    default: break;
  }
  return row % info(dtype).block_elements == 0 ? dtype : Dtype::f16;
}

}  // namespace

std::span<const QuantMix> quant_mixes() { return kMixes; }

const QuantMix& quant_mix(std::string_view name) {
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(), lower);
  for (const QuantMix& mix : kMixes)
    if (mix.name == folded) return mix;
  std::string known;
  for (const QuantMix& mix : kMixes) known += message(known.empty() ? "" : ", ", mix.name);
  throw Error(Status::invalid_argument, message("quantisation type ", quoted(name), ": expected one of ", known));
}

Dtype MixChooser::choose(std::string_view name, std::span<const int64_t> shape, Dtype from) {
  if (is_integer(from)) return from;
  if (stays_f32(name, shape.size())) return Dtype::f32;
  return fitting(mix_.rule == Rule::uniform ? mix_.base : ruled(name), shape.back());
}

// A third of the layers, with all of the first and last eighth.
bool MixChooser::more_bits(int64_t i, int64_t n) const {
  return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

// In a mixture of experts the tensors of a layer need not be consecutive, so its number is read from the name.
int64_t MixChooser::layer_of(std::string_view name, int64_t running) const {
  constexpr std::string_view kPrefix = "blk.";
  if (facts_.num_experts <= 1 || name.substr(0, kPrefix.size()) != kPrefix) return running;
  int64_t layer = running;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), layer);
  return layer;
}

Dtype MixChooser::ruled(std::string_view name) {
  const Rule rule = mix_.rule;
  const bool is_m = rule == Rule::q4_k_m || rule == Rule::q5_k_m;
  const bool eight_experts = facts_.num_experts == 8;
  if (name == "output.weight" || (!facts_.has_output && name == "token_embd.weight")) return Dtype::q6_k;
  if (contains(name, "attn_v.weight")) {
    const int64_t i = attention_values_++;
    if (eight_experts) return Dtype::q8_0;
    Dtype chosen = mix_.base;
    if (is_m && more_bits(i, num_attention_values_)) chosen = Dtype::q6_k;
    else if (rule == Rule::q4_k_s && i < 4) chosen = Dtype::q5_k;
    else if (rule == Rule::q3_k_m) chosen = i < 2 ? Dtype::q5_k : Dtype::q4_k;
    else if (rule == Rule::q3_k_l) chosen = Dtype::q5_k;
    const bool small = chosen == Dtype::q3_k || chosen == Dtype::q4_k;
    return facts_.is_llama_70b && small ? Dtype::q5_k : chosen;
  }
  if (contains(name, "attn_k.weight") && eight_experts) return Dtype::q8_0;
  if (contains(name, "ffn_down")) {
    const int64_t i = layer_of(name, ffn_downs_++);
    const int64_t n = facts_.num_layers;
    if (is_m && more_bits(i, n)) return Dtype::q6_k;
    if (rule == Rule::q4_k_s && i < n / 8) return Dtype::q5_k;
    if (rule == Rule::q3_k_m) return i < n / 16 ? Dtype::q5_k : Dtype::q4_k;
    if (rule == Rule::q3_k_l) return Dtype::q5_k;
    return mix_.base;
  }
  if (contains(name, "attn_output.weight")) {
    if (eight_experts && rule != Rule::q5_k_s && rule != Rule::q5_k_m) return Dtype::q5_k;
    if (rule == Rule::q3_k_m) return Dtype::q4_k;
    if (rule == Rule::q3_k_l) return Dtype::q5_k;
  }
  if (contains(name, "attn_qkv.weight")) {
    if (rule == Rule::q3_k_m || rule == Rule::q3_k_l) return Dtype::q4_k;
    if (rule == Rule::q4_k_m) return Dtype::q5_k;
    if (rule == Rule::q5_k_m) return Dtype::q6_k;
  }
  return mix_.base;
}

}  // namespace hadal
