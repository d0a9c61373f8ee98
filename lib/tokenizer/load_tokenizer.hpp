// The two sources a tokenizer is made from.
#pragma once

#include <memory>

#include "tokenizer/tokenizer.hpp"

namespace hadal {

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const Metadata& metadata);
std::unique_ptr<Tokenizer> load_json_tokenizer(const Checkpoint& checkpoint);

}  // namespace hadal
