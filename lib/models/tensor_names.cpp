#include "models/tensor_names.hpp"

#include <array>
#include <utility>

#include "core/message.hpp"

namespace hadal {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;   // published, GGUF; both without .weight or .bias

constexpr std::array kGlobal = {
    Pair{"model.embed_tokens", "token_embd"},
    Pair{"model.norm", "output_norm"},
    Pair{"lm_head", "output"},
};

constexpr std::array kLayer = {
    Pair{"input_layernorm", "attn_norm"},
    Pair{"self_attn.q_proj", "attn_q"},
    Pair{"self_attn.k_proj", "attn_k"},
    Pair{"self_attn.v_proj", "attn_v"},
    Pair{"self_attn.o_proj", "attn_output"},
    Pair{"self_attn.q_norm", "attn_q_norm"},
    Pair{"self_attn.k_norm", "attn_k_norm"},
    Pair{"self_attn.q_a_proj", "attn_q_a"},
    Pair{"self_attn.q_a_layernorm", "attn_q_a_norm"},
    Pair{"self_attn.q_b_proj", "attn_q_b"},
    Pair{"self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa"},
    Pair{"self_attn.kv_a_layernorm", "attn_kv_a_norm"},
    Pair{"self_attn.kv_b_proj", "attn_kv_b"},
    Pair{"self_attn.k_b_proj", "attn_k_b"},   // halves of kv_b_proj, which only GGUF names
    Pair{"self_attn.v_b_proj", "attn_v_b"},
    Pair{"self_attn.indexer.wq_b", "indexer.attn_q_b"},
    Pair{"self_attn.indexer.wk", "indexer.attn_k"},
    Pair{"self_attn.indexer.k_norm", "indexer.k_norm"},
    Pair{"self_attn.indexer.weights_proj", "indexer.proj"},
    Pair{"post_attention_layernorm", "ffn_norm"},
    Pair{"mlp.gate", "ffn_gate_inp"},
    Pair{"mlp.experts.gate_proj", "ffn_gate_exps"},
    Pair{"mlp.experts.up_proj", "ffn_up_exps"},
    Pair{"mlp.experts.down_proj", "ffn_down_exps"},
    Pair{"mlp.shared_experts.gate_proj", "ffn_gate_shexp"},
    Pair{"mlp.shared_experts.up_proj", "ffn_up_shexp"},
    Pair{"mlp.shared_experts.down_proj", "ffn_down_shexp"},
    Pair{"eh_proj", "nextn.eh_proj"},
    Pair{"enorm", "nextn.enorm"},
    Pair{"hnorm", "nextn.hnorm"},
    Pair{"shared_head.norm", "nextn.shared_head_norm"},
    Pair{"mlp.gate_proj", "ffn_gate"},
    Pair{"mlp.up_proj", "ffn_up"},
    Pair{"mlp.down_proj", "ffn_down"},
};

constexpr std::array kEncoderGlobal = {
    Pair{"embeddings.word_embeddings", "token_embd"},
    Pair{"embeddings.token_type_embeddings", "token_types"},
    Pair{"embeddings.position_embeddings", "position_embd"},
    Pair{"embeddings.LayerNorm", "token_embd_norm"},
    Pair{"emb_ln", "token_embd_norm"},
    Pair{"classifier.dense", "cls"},
    Pair{"classifier.out_proj", "cls.output"},
};

constexpr std::array kEncoderLayer = {
    Pair{"attention.self.query", "attn_q"},   // BERT
    Pair{"attention.self.key", "attn_k"},
    Pair{"attention.self.value", "attn_v"},
    Pair{"attention.output.dense", "attn_output"},
    Pair{"attention.output.LayerNorm", "attn_output_norm"},
    Pair{"intermediate.dense", "ffn_up"},
    Pair{"output.dense", "ffn_down"},
    Pair{"output.LayerNorm", "layer_output_norm"},
    Pair{"attn.Wqkv", "attn_qkv"},            // nomic
    Pair{"attn.out_proj", "attn_output"},
    Pair{"norm1", "attn_output_norm"},
    Pair{"mlp.fc11", "ffn_up"},
    Pair{"mlp.fc12", "ffn_gate"},
    Pair{"mlp.fc2", "ffn_down"},
    Pair{"norm2", "layer_output_norm"},
};

constexpr std::string_view kPublishedLayer = "model.layers.";
constexpr std::string_view kGgufLayer = "blk.";

template <size_t N>
std::string_view translate(const std::array<Pair, N>& table, std::string_view name, bool to_gguf) {
  for (const auto& [published, gguf] : table)
    if (name == (to_gguf ? published : gguf)) return to_gguf ? gguf : published;
  return {};
}

// The one weight whose published name has no suffix.
constexpr std::string_view kPublishedBias = ".mlp.gate.e_score_correction_bias", kGgufBias = ".exp_probs_b.bias";

std::string convert(std::string_view name, bool to_gguf) {
  if (const auto bias = to_gguf ? kPublishedBias : kGgufBias; name.ends_with(bias)) {
    const std::string_view layer = name.substr(0, name.size() - bias.size());
    const std::string_view from = to_gguf ? kPublishedLayer : kGgufLayer;
    return layer.starts_with(from) ? message(to_gguf ? kGgufLayer : kPublishedLayer, layer.substr(from.size()),
                                             to_gguf ? kGgufBias : kPublishedBias)
                                   : std::string();
  }
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view suffix = name.substr(dot);
  if (suffix != ".weight" && suffix != ".bias") return {};
  const std::string_view stem = name.substr(0, dot);
  const std::string_view from = to_gguf ? kPublishedLayer : kGgufLayer;
  if (!stem.starts_with(from)) {
    const std::string_view global = translate(kGlobal, stem, to_gguf);
    return global.empty() ? std::string{} : message(global, suffix);
  }
  const std::string_view rest = stem.substr(from.size());   // "3.self_attn.q_proj"
  const size_t end = rest.find('.');
  if (end == 0 || end == std::string_view::npos) return {};
  const std::string_view part = translate(kLayer, rest.substr(end + 1), to_gguf);
  if (part.empty()) return {};
  return message(to_gguf ? kGgufLayer : kPublishedLayer, rest.substr(0, end), ".", part, suffix);
}

// Of the encoders, whose names are not those of any decoder.
std::string encoder_gguf_name(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view stem = name.substr(0, dot), suffix = name.substr(dot);
  if (const std::string_view global = translate(kEncoderGlobal, stem, true); !global.empty())
    return message(global, suffix);
  for (const std::string_view prefix : {"encoder.layer.", "encoder.layers."}) {
    if (!stem.starts_with(prefix)) continue;
    const std::string_view rest = stem.substr(prefix.size());
    const size_t end = rest.find('.');
    if (end == 0 || end == std::string_view::npos) return {};
    const std::string_view part = translate(kEncoderLayer, rest.substr(end + 1), true);
    if (!part.empty()) return message(kGgufLayer, rest.substr(0, end), ".", part, suffix);
  }
  return {};
}

}  // namespace

std::string gguf_tensor_name(std::string_view name) {
  std::string found = convert(name, true);
  return found.empty() ? encoder_gguf_name(name) : found;
}
std::string published_tensor_name(std::string_view gguf_name) { return convert(gguf_name, false); }

}  // namespace hadal
