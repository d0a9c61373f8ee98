// What instruction_counts.py counts under callgrind: prompts and single steps of fixed small models on the AVX2 level,
// one thread. Without callgrind it just runs them.
#include <valgrind/callgrind.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "core/status.hpp"
#include "core/thread_pool.hpp"
#include "quant/block_format.hpp"
#include "unit/models/model_runner.hpp"
#include "unit/models/tiny_weights.hpp"

namespace hadal::test {
namespace {

constexpr int32_t kPrompt = 32, kSteps = 8, kVocabulary = 512;

constexpr const char* kDense = R"({"model_type": "llama", "hidden_size": 256, "intermediate_size": 768,
  "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 32, "vocab_size": 512, "rms_norm_eps": 1e-5,
  "max_position_embeddings": 512})";
constexpr const char* kMixture = R"({"model_type": "deepseek_v2", "hidden_size": 256, "intermediate_size": 768,
  "moe_intermediate_size": 256, "num_hidden_layers": 2, "first_k_dense_replace": 1, "num_attention_heads": 4,
  "num_key_value_heads": 4, "vocab_size": 512, "rms_norm_eps": 1e-5, "max_position_embeddings": 512,
  "n_routed_experts": 16, "n_shared_experts": 1, "num_experts_per_tok": 4, "kv_lora_rank": 256, "qk_nope_head_dim": 32,
  "qk_rope_head_dim": 16, "v_head_dim": 64, "routed_scaling_factor": 1.0, "topk_method": "greedy"})";

// Matrices in `dtype`, the same few rows over and over, since encoding takes long under callgrind; the rest in f32.
Draw draw_as(Dtype dtype) {
  return [dtype](const std::string& name, const std::vector<int64_t>& shape) {
    const size_t count = elements(shape);
    if (shape.size() != 2 || name.ends_with("mlp.gate.weight")) {
      const std::vector<float> values = weight(name, count);
      Drawn drawn{Dtype::f32, std::vector<std::byte>(count * sizeof(float))};
      std::memcpy(drawn.bytes.data(), values.data(), drawn.bytes.size());
      return drawn;
    }
    const size_t some = size_t(std::min<int64_t>(shape[0], 4) * shape[1]), some_bytes = bytes_of(dtype, int64_t(some));
    Drawn drawn{dtype, std::vector<std::byte>(bytes_of(dtype, int64_t(count)))};
    block_format(dtype).encode(weight(name, some).data(), drawn.bytes.data(), int64_t(some), nullptr);
    for (size_t at = some_bytes; at < drawn.bytes.size(); ++at) drawn.bytes[at] = drawn.bytes[at - some_bytes];
    return drawn;
  };
}

template <class Body>
void counted(const std::string& name, Body&& body) {
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  body();
  CALLGRIND_DUMP_STATS_AT(name.c_str());
  CALLGRIND_STOP_INSTRUMENTATION;
}

void count(const std::string& name, const char* config, Dtype dtype) {
  const auto model = build_text_model(tiny_checkpoint(config, draw_as(dtype)));
  ThreadPool here(1);
  BackendOptions options;
  options.cpu = "avx2";
  ModelRunner runner(*model, "cpu", options, here, kPrompt);
  std::vector<int32_t> tokens(kPrompt + kSteps);
  for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = int32_t(i * 37 % kVocabulary);
  const std::span<const int32_t> all = tokens;
  runner.feed(all, kPrompt);   // experts are packed by the first run that uses them
  runner.reset();
  counted("prompt " + name, [&] { runner.feed(all.first(kPrompt), kPrompt); });
  counted("steps " + name, [&] { runner.feed(all.subspan(kPrompt), 1); });
}

}  // namespace
}  // namespace hadal::test

int main() {
  using namespace hadal;
  using namespace hadal::test;
  try {
    count("q4_k", kDense, Dtype::q4_k);
    count("q6_k", kDense, Dtype::q6_k);
    count("q8_0", kDense, Dtype::q8_0);
    count("q4_1", kDense, Dtype::q4_1);
    count("f16", kDense, Dtype::f16);
    count("mixture q4_k", kMixture, Dtype::q4_k);
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return error.status() == Status::unsupported ? 77 : 1;   // no AVX2 here
  }
}
