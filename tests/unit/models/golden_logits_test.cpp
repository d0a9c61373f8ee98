// Tiny random models of each family against transformers (float32, CPU), recorded by recipes/tiny_models.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

#include "core/thread_pool.hpp"
#include "models/architectures.hpp"
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

std::vector<float> read_floats(const std::string& path) {
  const std::string bytes = read_text(path);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::copy_n(bytes.data(), values.size() * sizeof(float), reinterpret_cast<char*>(values.data()));
  return values;
}

std::vector<int32_t> golden_tokens(int64_t vocab) {
  std::vector<int32_t> tokens;
  for (float u : uniform("tokens", size_t(kPositions))) tokens.push_back(int32_t((u + 1) * float(vocab / 2)));
  return tokens;
}

// The largest difference between the recorded rows and the same rows of `logits`, as a share of the logits' range.
double worst_share(const std::vector<float>& golden, const std::vector<float>& logits, int64_t vocab) {
  const auto [low, high] = std::minmax_element(golden.begin(), golden.end());
  double worst = 0;
  for (int64_t row = 0; row < int64_t(golden.size()) / vocab; ++row)
    for (int64_t i = 0; i < vocab; ++i)
      if (const double difference = std::abs(double(golden[size_t(row * vocab + i)]) -
                                             logits[size_t(((row + 1) * kEvery - 1) * vocab + i)]);
          !(difference <= worst))   // NaN too
        worst = difference;
  return worst / (double(*high) - *low);
}

enum class As { safetensors, gguf, legacy_gguf };   // legacy: kv_b in one piece
struct Case {
  const char* name;
  As as = As::safetensors;
};
constexpr Case kCases[] = {
    {"llama"}, {"llama", As::gguf}, {"llama_tied_mha"}, {"llama_tied_mha", As::gguf}, {"llama_linear"},
    {"llama_linear", As::gguf}, {"llama_llama3"}, {"llama_bias"}, {"mistral"}, {"qwen2"}, {"qwen3"}, {"qwen3_yarn"},
    {"deepseek"}, {"deepseek", As::gguf},
    {"deepseek_v2_lite"}, {"deepseek_v2_lite", As::gguf}, {"deepseek_v2_lite", As::legacy_gguf},
    {"deepseek_v2"}, {"deepseek_v2", As::gguf}, {"deepseek_v2", As::legacy_gguf},
    {"deepseek_v3"}, {"deepseek_v3", As::gguf}, {"deepseek_v3", As::legacy_gguf},
    {"deepseek_v32"}, {"deepseek_v32", As::gguf}};

std::shared_ptr<Checkpoint> checkpoint_of(const std::string& config, As as) {
  return as == As::safetensors ? tiny_checkpoint(config) : tiny_gguf_checkpoint(config, as == As::gguf);
}

struct Setting {
  const char* backend;
  const char* cpu;
  Dtype cache;
  double bound;   // tests/README.md
};
constexpr Setting kSettings[] = {{"reference", "", Dtype::f32, 1e-4},
                                 {"cpu", "scalar", Dtype::f16, 2e-3},
                                 {"cpu", "avx2", Dtype::f16, 2e-3},
                                 {"cpu", "avx512", Dtype::f16, 2e-3}};

// nullptr where the machine lacks the instruction set level.
std::unique_ptr<ModelRunner> runner_for(const TextModel& model, const Setting& setting, const BackendOptions& options,
                                        ThreadPool& pool) {
  try {
    open_backend(setting.backend, options);
  } catch (const Error& error) {
    REQUIRE(error.status() == Status::unsupported);
    MESSAGE("skipped: ", std::string(error.what()));
    return nullptr;
  }
  return std::make_unique<ModelRunner>(model, setting.backend, options, pool);
}

}  // namespace

TEST_CASE("tiny models give the logits transformers gives, fed whole and in chunks") {
  ThreadPool pool(2);
  for (const Setting& setting : kSettings) {
    for (const Case& c : kCases) {
      CAPTURE(std::string(setting.backend));
      CAPTURE(std::string(setting.cpu));
      CAPTURE(std::string(c.name));
      CAPTURE(int(c.as));
      const std::string folder = std::string(HADAL_TEST_DATA "/models/") + c.name;
      const std::string config = read_text(folder + "/config.json");
      const auto model = build_text_model(checkpoint_of(config, c.as));
      const int64_t vocab = model->config.vocab_size;
      const auto golden = read_floats(folder + "/logits.f32");
      REQUIRE(int64_t(golden.size()) == kPositions / kEvery * vocab);
      const auto tokens = golden_tokens(vocab);
      BackendOptions options;
      options.cpu = setting.cpu;
      // Which positions the sparse attention picks is decided by differences far below f16's rounding of the keys.
      options.cache_type = model->config.mla.index_topk > 0 ? Dtype::f32 : setting.cache;
      const auto runner = runner_for(*model, setting, options, pool);
      if (!runner) break;
      const auto whole = runner->feed(tokens, kPositions);
      CHECK(worst_share(golden, whole, vocab) <= setting.bound);
      for (int64_t chunk : {1, 7, 64}) {
        runner->reset();
        CAPTURE(chunk);
        CHECK(runner->feed(tokens, chunk) == whole);
      }
    }
  }
}

TEST_CASE("the draft layer gives the logits transformers' gives, fed whole and in chunks") {
  ThreadPool pool(2);
  const std::string folder = HADAL_TEST_DATA "/models/deepseek_v3_mtp";
  const std::string config = read_text(folder + "/config.json");
  const auto golden = read_floats(folder + "/logits.f32"), draft_golden = read_floats(folder + "/draft_logits.f32");
  for (const Setting& setting : kSettings) {
    for (const As as : {As::safetensors, As::gguf}) {
      CAPTURE(std::string(setting.backend));
      CAPTURE(std::string(setting.cpu));
      CAPTURE(int(as));
      const auto model = build_text_model(checkpoint_of(config, as), true);
      REQUIRE(model->draft);
      const int64_t vocab = model->config.vocab_size;
      const auto tokens = golden_tokens(vocab);
      BackendOptions options;
      options.cpu = setting.cpu;
      options.cache_type = setting.cache;
      const auto runner = runner_for(*model, setting, options, pool);
      if (!runner) break;
      CHECK(worst_share(golden, runner->feed(tokens, kPositions), vocab) <= setting.bound);
      auto hidden = runner->hidden();
      hidden.resize(size_t((kPositions - 1) * model->config.hidden_size));
      const std::vector<int32_t> next(tokens.begin() + 1, tokens.end());
      const auto whole = runner->draft(next, hidden, kPositions);
      CHECK(worst_share(draft_golden, whole, vocab) <= setting.bound);
      for (int64_t chunk : {1, 7, 64}) CHECK(runner->draft(next, hidden, chunk) == whole);
    }
  }
}

TEST_CASE("a model says its family and how many of its parameters a token meets") {
  const auto facts = [](const char* name, As as) {
    const auto model = build_text_model(checkpoint_of(read_text(std::string(HADAL_TEST_DATA "/models/") + name + "/config.json"), as));
    return std::make_pair(family(model->config), model->parameters() - model->active_parameters());
  };
  // Two layers of 16 experts, of which 12 idle, three matrices of 32 x 64 each.
  constexpr int64_t kIdle = 2 * 12 * 3 * 32 * 64;
  CHECK(facts("llama", As::gguf) == std::make_pair(std::string("Llama"), int64_t{0}));
  CHECK(facts("deepseek", As::gguf) == std::make_pair(std::string("DeepSeekMoE: 4 of 16 experts a token, 2 shared"), kIdle));
  CHECK(facts("deepseek_v2", As::gguf) == std::make_pair(std::string("DeepSeek-V2: 4 of 16 experts a token, 2 shared"), kIdle));
  CHECK(facts("deepseek_v3", As::gguf) == std::make_pair(std::string("DeepSeek-V3: 4 of 16 experts a token, 1 shared"), kIdle));
  CHECK(facts("deepseek_v32", As::safetensors).first == "DeepSeek-V3.2: 4 of 16 experts a token, 1 shared");
}

}  // namespace hadal::test
