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
    Pair{"post_attention_layernorm", "ffn_norm"},
    Pair{"mlp.gate_proj", "ffn_gate"},
    Pair{"mlp.up_proj", "ffn_up"},
    Pair{"mlp.down_proj", "ffn_down"},
};

constexpr std::string_view kPublishedLayer = "model.layers.";
constexpr std::string_view kGgufLayer = "blk.";

template <size_t N>
std::string_view translate(const std::array<Pair, N>& table, std::string_view name, bool to_gguf) {
  for (const auto& [published, gguf] : table)
    if (name == (to_gguf ? published : gguf)) return to_gguf ? gguf : published;
  return {};
}

std::string convert(std::string_view name, bool to_gguf) {
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

}  // namespace

std::string gguf_tensor_name(std::string_view name) { return convert(name, true); }
std::string published_tensor_name(std::string_view gguf_name) { return convert(gguf_name, false); }

}  // namespace hadal
