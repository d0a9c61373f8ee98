#include "tokenizer/load_tokenizer.hpp"

#include "core/status.hpp"

namespace hadal {

std::unique_ptr<Tokenizer> load_tokenizer(const Checkpoint& checkpoint) {
  if (!checkpoint.tokenizer_json.empty()) return load_json_tokenizer(checkpoint);
  if (checkpoint.metadata.find("tokenizer.ggml.model") != nullptr) return load_gguf_tokenizer(checkpoint.metadata);
  throw Error(Status::not_found, "tokenizer: expected tokenizer.json or the key tokenizer.ggml.model, found neither");
}

}  // namespace hadal
