// Tiny DeepSeek models with bf16, FP8, Q8_0 and Q4_K weights against transformers on the de-quantised weights
// (recipes/tiny_quantised.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/half.hpp"
#include "core/thread_pool.hpp"
#include "models/weight_scales.hpp"
#include "quant/block_format.hpp"
#include "unit/models/default_model.hpp"
#include "unit/models/model_runner.hpp"
#include "unit/models/tiny_weights.hpp"

namespace hadal::test {
namespace {

constexpr int64_t kPositions = 200, kEvery = 8;

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Drawn encoded(Dtype dtype, const std::vector<float>& values) {
  Drawn drawn{dtype, std::vector<std::byte>(bytes_of(dtype, int64_t(values.size())))};
  block_format(dtype).encode(values.data(), drawn.bytes.data(), int64_t(values.size()), nullptr);
  return drawn;
}

// Blocks of `block_bytes` that begin with these f16 numbers; every other byte is drawn.
Drawn blocks(Dtype dtype, const std::string& name, size_t count, std::initializer_list<float> halves) {
  Drawn drawn{dtype, std::vector<std::byte>(bytes_of(dtype, int64_t(count)))};
  const size_t block_bytes = size_t(info(dtype).block_bytes), number = drawn.bytes.size() / block_bytes;
  const size_t rest = block_bytes - 2 * halves.size();
  const std::vector<float> u = uniform(name, number * rest);
  for (size_t b = 0; b < number; ++b) {
    std::byte* out = &drawn.bytes[b * block_bytes];
    for (float half : halves) {
      const uint16_t bits = f32_to_f16(half);
      std::memcpy(out, &bits, sizeof bits);
      out += sizeof bits;
    }
    for (size_t i = 0; i < rest; ++i) out[i] = std::byte(uint8_t((u[b * rest + i] + 1) * 128));
  }
  return drawn;
}

Drawn draw_f8(const std::string& name, const std::vector<int64_t>& shape) {
  std::vector<float> values = uniform(name, elements(shape));
  for (float& value : values) value *= 240;
  Drawn drawn = encoded(Dtype::f8_e4m3, values);
  drawn.scale_shape = {(shape[0] + 127) / 128, (shape[1] + 127) / 128};
  drawn.scale_inv = uniform(name + "_scale_inv", elements(drawn.scale_shape));
  for (float& scale : drawn.scale_inv) scale = (scale * 0.25f + 1) * 0x1p-11f;
  return drawn;
}

// As the recipe's narrow().
std::vector<float> narrow(const std::string& name, size_t count) {
  std::vector<float> values = weight(name, count);
  if (name.find("norm") == std::string::npos)
    for (float& value : values) value *= 0.5f;
  return values;
}

// As the recipe's kept(): which tensors a format leaves in float, and how the others are drawn.
Draw draw_as(const std::string& type) {
  return [type](const std::string& name, const std::vector<int64_t>& shape) -> Drawn {
    const size_t count = elements(shape);
    const bool router = name.ends_with("mlp.gate.weight") || name.find("weights_proj") != std::string::npos;
    if (name.ends_with("e_score_correction_bias")) return encoded(Dtype::f32, narrow(name, count));
    const bool in_float = shape.size() == 1 || router;
    if (type == "bf16" || (type == "f8" && (in_float || !name.starts_with("model.layers"))))
      return encoded(Dtype::bf16, narrow(name, count));
    if (in_float) return encoded(Dtype::f32, narrow(name, count));
    if (type == "f8") return draw_f8(name, shape);
    if (type == "q8_0") return blocks(Dtype::q8_0, name, count, {float(0.125 / 127)});
    return blocks(Dtype::q4_k, name, count, {0.0003f, 0.00225f});
  };
}

struct Difference {
  double worst_share = 0;   // of the logits' range
  double kl = 0;            // mean over the recorded rows
};

Difference compare(const std::vector<float>& golden, const std::vector<float>& logits, size_t vocab) {
  const auto [low, high] = std::minmax_element(golden.begin(), golden.end());
  Difference d;
  for (size_t row = 0; row < golden.size() / vocab; ++row) {
    const float* p = &golden[row * vocab];
    const float* q = &logits[((row + 1) * size_t(kEvery) - 1) * vocab];
    double p_sum = 0, q_sum = 0, kl = 0;
    for (size_t i = 0; i < vocab; ++i) {
      const double share = std::abs(double(p[i]) - q[i]) / (double(*high) - *low);
      if (!(share <= d.worst_share)) d.worst_share = share;   // NaN too
      p_sum += std::exp(double(p[i]));
      q_sum += std::exp(double(q[i]));
    }
    for (size_t i = 0; i < vocab; ++i)
      kl += std::exp(double(p[i])) / p_sum * (p[i] - q[i] - std::log(p_sum) + std::log(q_sum));
    d.kl += kl / double(golden.size() / vocab);
  }
  return d;
}

struct Setting {
  const char* backend;
  const char* cpu;
  bool exact;
};

}  // namespace

TEST_CASE("bf16, FP8, Q8_0 and Q4_K weights give the logits of what they de-quantise to") {
  ThreadPool pool(2);
  for (const char* base : {"deepseek", "deepseek_v2_lite", "deepseek_v2", "deepseek_v3", "deepseek_v32"}) {
    for (const std::string type : {"bf16", "f8", "q8_0", "q4_k"}) {
      if (short_tests() && base != std::string("deepseek_v3")) continue;
      const std::string name = std::string(base) + "-" + type;
      CAPTURE(name);
      const std::string folder = HADAL_TEST_DATA "/models/quantised/" + name;
      const std::string config = read_text(folder + "/config.json"), bytes = read_text(folder + "/logits.f32");
      std::vector<float> golden(bytes.size() / sizeof(float));
      std::memcpy(golden.data(), bytes.data(), bytes.size());
      const bool gguf = type == "q8_0" || type == "q4_k";
      const auto model = build_text_model(gguf ? tiny_gguf_checkpoint(config, false, draw_as(type))
                                               : tiny_checkpoint(config, draw_as(type)));
      load_scales(*model, system_host());
      const size_t vocab = size_t(model->config.vocab_size);
      std::vector<int32_t> tokens;
      for (float u : uniform("tokens", size_t(kPositions))) tokens.push_back(int32_t((u + 1) * float(vocab / 2)));

      for (const Setting& s : {Setting{"reference", "", false}, Setting{"cpu", "avx2", true},
                               Setting{"cpu", "avx2", false}, Setting{"cpu", "scalar", false}}) {
        CAPTURE(std::string(s.backend));
        CAPTURE(std::string(s.cpu));
        CAPTURE(s.exact);
        BackendOptions options;
        options.cpu = s.cpu;
        options.exact = s.exact;
        const bool reference = std::string(s.backend) == "reference";
        // As with float weights: the indexer's choice hangs on less than f16 keys keep.
        options.cache_type = reference || model->config.mla.index_topk > 0 ? Dtype::f32 : Dtype::f16;
        std::unique_ptr<ModelRunner> runner;
        try {
          runner = std::make_unique<ModelRunner>(*model, s.backend, options, pool);
        } catch (const Error& error) {
          REQUIRE(std::string(error.what()).find("this machine lacks") != std::string::npos);
          continue;
        }
        const auto whole = runner->feed(tokens, kPositions);
        const Difference d = compare(golden, whole, vocab);
        if (reference) {
          CHECK(d.worst_share <= 1e-4);
        } else {
          // tests/README.md. Rounded activations choose other positions where the sparse attention has to choose: for
          // it the default's bound is on the rows before that.
          const int64_t top_k = model->config.mla.index_topk;
          const bool chooses = top_k > 0 && gguf && !s.exact;
          const size_t rows = chooses ? size_t(top_k / kEvery) : golden.size() / vocab;
          const std::vector<float> bounded(golden.begin(), golden.begin() + std::ptrdiff_t(rows * vocab));
          CHECK(compare(bounded, whole, vocab).kl <= (s.exact || !gguf ? 1e-3 : 0.05));
          runner->reset();
          if (!s.exact) CHECK(runner->feed(tokens, 64) == whole);
        }
        MESSAGE(name, " ", std::string(s.backend), " ", std::string(s.cpu), std::string(s.exact ? " exact" : ""), ": worst ",
                d.worst_share, " of the range, KL ", d.kl);
      }
    }
  }
}

}  // namespace hadal::test
