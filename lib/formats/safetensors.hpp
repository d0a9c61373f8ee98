// A folder as the transformers library saves it: config.json, tokenizer files, safetensors weights in one file or
// in shards named by model.safetensors.index.json.
#pragma once

#include <memory>
#include <string>

#include "core/host.hpp"
#include "formats/checkpoint.hpp"

namespace hadal {

// nullptr if the folder has neither config.json nor, with tokenizer_only, tokenizer.json.
std::shared_ptr<Checkpoint> open_model_folder(const std::shared_ptr<Host>& host, const std::string& folder,
                                              bool tokenizer_only);

// Appends the tensors of the file last added to out.files. Throws Error(corrupt, unsupported).
void parse_safetensors(std::string_view name, Checkpoint& out);

}  // namespace hadal
