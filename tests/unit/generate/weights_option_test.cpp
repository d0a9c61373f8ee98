// The option weights: a model converted while it is opened answers as one quantised to a file first, within what the plan
// said.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/status.hpp"
#include "formats/quantize.hpp"
#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_sink.hpp"
#include "unit/generate/tiny_session.hpp"
#include "unit/models/tiny_folder.hpp"

namespace hadal::test {
namespace {

constexpr const char* kConfig = R"({"model_type": "deepseek_v3", "hidden_size": 256, "intermediate_size": 320,
  "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 160, "max_position_embeddings": 512,
  "rms_norm_eps": 1e-6, "n_routed_experts": 8, "n_shared_experts": 1, "moe_intermediate_size": 144,
  "first_k_dense_replace": 1, "num_experts_per_tok": 3, "kv_lora_rank": 160, "qk_nope_head_dim": 48,
  "qk_rope_head_dim": 16, "v_head_dim": 40, "q_lora_rank": 136, "n_group": 4, "topk_group": 2, "norm_topk_prob": true,
  "routed_scaling_factor": 2.5, "tie_word_embeddings": false, "num_key_value_heads": 4})";

// Counts the most bytes lent at once.
class PeakHost final : public Host {
 public:
  explicit PeakHost(std::shared_ptr<Host> host) : host_(std::move(host)) {}
  void* allocate(size_t size, size_t alignment) override {
    lent += size;
    peak = std::max(peak, lent);
    return host_->allocate(size, alignment);
  }
  void free(void* block, size_t size, size_t alignment) noexcept override {
    if (block) lent -= size;
    host_->free(block, size, alignment);
  }
  std::unique_ptr<File> open(const std::string& path) override { return host_->open(path); }
  int64_t now_ns() override { return 0; }
  void log(LogLevel, std::string_view) override {}
  size_t lent = 0, peak = 0;

 private:
  std::shared_ptr<Host> host_;
};

struct Setting {
  const char *type, *backend;
};
constexpr Setting kSettings[] = {{"q8_0", "cpu"}, {"q4_k_m", "cpu"}, {"bf16", "cpu"}, {"q8_0", "reference"}};

Options options_for(const std::string& text) {
  Options options;
  options.merge("threads=2; context=64; chunk=32; " + text, OptionLevel::runtime);
  return options;
}

std::shared_ptr<Model> open_model(const std::shared_ptr<Host>& host, const std::string& path, const std::string& options) {
  const Options merged = options_for(options);
  return Model::open(std::make_shared<Runtime>(host, merged, nullptr), merged,
                     [&](bool tokenizer_only) { return open_checkpoint(host, path, tokenizer_only); },
                     [](std::string_view, double) {});
}

ModelPlan plan_of(const std::shared_ptr<Host>& host, const std::string& path, const std::string& options) {
  const Options merged = options_for(options);
  Runtime runtime(host, merged, nullptr);
  return plan_model(runtime, merged, [&](bool tokenizer_only) { return open_checkpoint(host, path, tokenizer_only); });
}

std::vector<float> logits_of(const std::shared_ptr<Model>& model) {
  const auto session = make_session(model, "");
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < 40; ++i) ids.push_back(i * 7 % 160);
  session->add_tokens(ids);
  std::vector<float> logits;
  session->logits([&](std::span<const float> rows) { logits.assign(rows.begin(), rows.end()); });
  return {logits.begin(), logits.end()};
}

std::shared_ptr<MemoryHost> f8_folder() {
  auto host = std::make_shared<MemoryHost>();
  write_tiny_folder(*host, kConfig, true);
  return host;
}

}  // namespace

TEST_CASE("weights= gives the logits of the quantised file, to the bit") {
  const auto host = f8_folder();
  InlineRunner runner;
  for (const Setting& setting : kSettings) {
    CAPTURE(std::string(setting.type));
    CAPTURE(std::string(setting.backend));
    const std::string backend = std::string("backend=") + setting.backend;
    MemorySink sink;
    quantize(host, runner, quantize_job(open_checkpoint(host, "m")), quant_mix(setting.type), sink,
             [](const QuantizeProgress&) { return true; });
    host->files["quantised.gguf"] = sink.text;
    const auto file = open_model(host, "quantised.gguf", backend);
    const auto converted = open_model(host, "m", backend + "; weights=" + setting.type);
    const auto expected = logits_of(file);
    CHECK(logits_of(converted) == expected);
    CHECK(logits_of(open_model(host, "m", backend)) != expected);
  }
}

TEST_CASE("weights= stays within its plan, and a limit that the plan just meets is enough") {
  const auto files = f8_folder();
  for (const std::string options : {"", "weights=q8_0", "weights=f8", "weights=q4_k_m", "weights=bf16",
                                    "weights=q8_0; backend=reference", "weights=q8_0; panels=off"}) {
    CAPTURE(options);
    const ModelPlan plan = plan_of(files, "m", options);
    const auto host = std::make_shared<PeakHost>(files);
    const auto model = open_model(host, "m", options);
    logits_of(model);
    CHECK(model->get("weights_bytes") == std::to_string(plan.weights));
    CHECK(model->get("packed_bytes") == std::to_string(plan.packed));
    const uint64_t while_packing = plan.packed + plan.converted + plan.scales + plan.largest_weight;
    const uint64_t afterwards = plan.packed + plan.converted + plan.scales + plan.arena + plan.cache;
    CHECK(host->peak <= std::max(while_packing, afterwards));

    const uint64_t limit =
        std::max(plan.total(), plan.weights + plan.packed + plan.tables + plan.largest_weight);
    const auto limited = [&](uint64_t bytes) {
      return open_model(files, "m", options + "; memory_limit=" + std::to_string(bytes));
    };
    CHECK(logits_of(limited(limit)).size() == 160);
    if (options.empty()) continue;   // experts of the file itself may stay there
    CHECK(mentions(sentence_of(Status::out_of_memory, [&] { limited(limit - 1); }), "memory_limit"));
  }
}

TEST_CASE("the option weights offers what quantize offers") {
  const std::string_view choices = find_option("weights").choices;
  for (const QuantMix& mix : quant_mixes()) {
    const std::string word = " " + std::string(mix.name) + " ";
    CHECK_MESSAGE((" " + std::string(choices) + " ").find(word) != std::string::npos, std::string(mix.name));
  }
  CHECK(size_t(std::count(choices.begin(), choices.end(), ' ')) == quant_mixes().size() + 1);   // and auto, f8
}

}  // namespace hadal::test
