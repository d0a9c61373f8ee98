// A model folder inside a GGUF file: what quantising a safetensors model writes. Tensors keep the folder's names and
// shapes; config.json, the tokenizer's files and the chat template become entries "hadal.folder.<file>". Opening such a
// file gives a Checkpoint like the folder's own, so nothing above has to know.
#pragma once

#include <string>
#include <string_view>

#include "formats/checkpoint.hpp"
#include "formats/gguf_writer.hpp"

namespace hadal {

void write_folder_entries(const Checkpoint& folder, GgufWriter& out);

// Turns a GGUF checkpoint with these entries into the folder's; leaves any other as it is. Throws Error(corrupt,
// unsupported) if config.json cannot be read.
void adopt_folder_entries(Checkpoint& gguf);

// The name GGUF would give a folder's tensor, as far as the rules of quant_mix.hpp look at it:
// "model.layers.3.mlp.down_proj.weight" -> "blk.3.ffn_down.weight".
std::string gguf_role(std::string_view folder_name);

}  // namespace hadal
