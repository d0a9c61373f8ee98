// Weights are named as in the published safetensors. GGUF spells the same tensors its own way.
#pragma once

#include <string>
#include <string_view>

namespace hadal {

// "model.layers.3.self_attn.q_proj.weight" → "blk.3.attn_q.weight"; a name GGUF has no word for comes back empty.
std::string gguf_tensor_name(std::string_view name);

// The other way round, for writing GGUF from safetensors: empty if the name is none of a model's weights.
std::string published_tensor_name(std::string_view gguf_name);

}  // namespace hadal
