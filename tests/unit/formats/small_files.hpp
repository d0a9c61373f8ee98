// The small valid files that tests cut, flip and open in every way.
#pragma once

#include <numeric>

#include "core/host.hpp"
#include "formats/checkpoint.hpp"
#include "formats/memory_file.hpp"
#include "unit/formats/file_builder.hpp"

namespace hadal::test {

inline GgufBuilder small_gguf() {
  GgufBuilder gguf;
  gguf.string("general.architecture", "llama");
  gguf.scalar<uint32_t>("llama.block_count", 4, 2);
  gguf.scalar<float>("llama.rope.freq_base", 6, 10000.0f);
  gguf.scalar<uint8_t>("tokenizer.ggml.add_bos_token", 7, 1);
  gguf.array<std::string>("tokenizer.ggml.tokens", 8, {"a", "b", "ab", ""});
  gguf.array<int32_t>("tokenizer.ggml.token_type", 5, {1, 1, -1, 3});
  gguf.array<float>("tokenizer.ggml.scores", 6, {0.5f, -1.0f, 0.0f, 2.0f});
  gguf.tensor("token_embd.weight", {32, 4}, 8, numbered_bytes(4 * 34));
  gguf.tensor("output_norm.weight", {32}, 0, numbered_bytes(32 * 4, 2));
  gguf.tensor("blk.0.ffn_down_exps.weight", {32, 3, 2}, 30, numbered_bytes(32 * 3 * 2 * 2, 3));
  return gguf;
}

inline const char* small_safetensors_header() {
  return R"({"__metadata__":{"format":"pt"},"model.norm.weight":{"dtype":"F32","shape":[4],"data_offsets":[3,19]},)"
         R"("mask":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]},)"
         R"("model.embed_tokens.weight":{"dtype":"BF16","shape":[2,3],"data_offsets":[19,31]},)"
         R"("empty":{"dtype":"F16","shape":[0,5],"data_offsets":[31,31]}})";
}

inline std::string small_safetensors() { return safetensors_file(small_safetensors_header(), numbered_bytes(31)); }

inline std::shared_ptr<Checkpoint> open_bytes(const std::string& bytes) {
  return open_gguf(system_host(), "test.gguf", std::make_unique<MemoryFile>(std::as_bytes(std::span(bytes))));
}

// Touches every byte that a checkpoint says may be touched.
inline unsigned sum_of_bytes(const Checkpoint& checkpoint) {
  unsigned sum = 0;
  for (const StoredTensor& tensor : checkpoint.tensors)
    for (size_t i = 0; i < tensor.bytes; ++i) sum += unsigned(tensor.data[i]);
  for (const auto& [key, value] : checkpoint.metadata.entries) {
    for (char c : key) sum += unsigned(c);
    if (const auto* texts = std::get_if<std::vector<std::string_view>>(&value))
      for (std::string_view text : *texts)
        for (char c : text) sum += unsigned(c);
  }
  return sum;
}

}  // namespace hadal::test
