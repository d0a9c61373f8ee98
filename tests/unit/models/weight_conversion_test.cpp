// Converting weights while loading: the bytes of the quantised file, in memory that stays at the result and one weight.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/thread_pool.hpp"
#include "graph/program.hpp"
#include "formats/quantize.hpp"
#include "graph/weight_rows.hpp"
#include "models/weight_conversion.hpp"
#include "models/weight_scales.hpp"
#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_sink.hpp"
#include "unit/models/tiny_folder.hpp"

namespace hadal::test {
namespace {

constexpr const char* kV3 = R"({"model_type": "deepseek_v3", "hidden_size": 256, "intermediate_size": 320,
  "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 160, "max_position_embeddings": 512,
  "rms_norm_eps": 1e-6, "n_routed_experts": 8, "n_shared_experts": 1, "moe_intermediate_size": 144,
  "first_k_dense_replace": 1, "num_experts_per_tok": 3, "kv_lora_rank": 160, "qk_nope_head_dim": 48,
  "qk_rope_head_dim": 16, "v_head_dim": 40, "q_lora_rank": 136, "n_group": 4, "topk_group": 2, "norm_topk_prob": true,
  "routed_scaling_factor": 2.5, "tie_word_embeddings": false, "num_key_value_heads": 4})";
constexpr const char* kLlama = R"({"model_type": "llama", "hidden_size": 256, "intermediate_size": 512,
  "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 160,
  "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "tie_word_embeddings": true})";

struct Source {
  const char* config;
  bool f8;
};
constexpr Source kSources[] = {{kV3, true}, {kV3, false}, {kLlama, false}};

std::shared_ptr<MemoryHost> folder(const Source& source) {
  auto host = std::make_shared<MemoryHost>();
  write_tiny_folder(*host, source.config, source.f8);
  return host;
}

struct Loaded {
  std::unique_ptr<TextModel> model;
  std::unique_ptr<WeightConversion> conversion;
};

Loaded converted(const std::shared_ptr<MemoryHost>& files, const std::shared_ptr<Host>& host, const char* type,
                 TaskRunner& runner) {
  Loaded out{build_text_model(open_checkpoint(files, "m")), nullptr};
  out.conversion = std::make_unique<WeightConversion>(*out.model, type);
  load_scales(*out.model, host);
  for (const Weight& weight : out.model->weights) out.conversion->make(weight, false, host, runner);
  return out;
}

std::vector<const std::byte*> places(const Weight& weight) {
  if (!weight.is_stack()) return {weight.data};
  std::vector<const std::byte*> out;
  for (const WeightPart& part : weight.parts) out.push_back(part.data);
  return out;
}

// Runs tasks last first, as four threads might.
class ReverseRunner final : public TaskRunner {
 public:
  int concurrency() const override { return 4; }
  void run(int64_t begin, int64_t end, Task task) override {
    for (int64_t i = end; i-- > begin;) task(i, int(i % 4));
  }
};

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

}  // namespace

TEST_CASE("converting while loading gives the bytes of the quantised file, for every type that quantize offers") {
  ReverseRunner runner;
  for (const Source& source : kSources) {
    const auto host = folder(source);
    for (const QuantMix& mix : quant_mixes()) {
      CAPTURE(std::string(mix.name));
      CAPTURE(source.f8);
      const std::string type(mix.name);
      const Loaded loaded = converted(host, host, type.c_str(), runner);
      MemorySink sink;
      InlineRunner inline_runner;
      quantize(host, inline_runner, quantize_job(open_checkpoint(host, "m")), mix, sink,
               [](const QuantizeProgress&) { return true; });
      host->files["quantised.gguf"] = sink.text;
      const auto file = build_text_model(open_checkpoint(host, "quantised.gguf"));
      REQUIRE(file->weights.size() == loaded.model->weights.size());
      for (size_t i = 0; i < file->weights.size(); ++i) {
        const Weight &expected = file->weights[i], &actual = loaded.model->weights[i];
        CAPTURE(expected.name);
        CHECK(name(actual.dtype) == name(expected.dtype));
        if (actual.dtype != expected.dtype) continue;
        const auto a = places(actual), b = places(expected);
        REQUIRE(a.size() == b.size());
        size_t different = 0;
        for (size_t p = 0; p < a.size(); ++p) different += std::memcmp(a[p], b[p], actual.part_bytes()) != 0;
        CHECK(different == 0);
      }
    }
  }
}

TEST_CASE("FP8 converted to f32 is code times scale, as a backend decodes it") {
  InlineRunner runner;
  const auto host = folder(kSources[0]);
  const auto plain = build_text_model(open_checkpoint(host, "m"));
  load_scales(*plain, host);
  const Loaded loaded = converted(host, host, "f32", runner);
  for (size_t i = 0; i < plain->weights.size(); ++i) {
    const Weight &was = plain->weights[i], &is = loaded.model->weights[i];
    if (was.dtype != Dtype::f8_e4m3) continue;
    CAPTURE(is.name);
    std::vector<float> expected(size_t(was.rows * was.cols));
    const auto actual = places(is);
    size_t different = 0;
    for (size_t p = 0; p < actual.size(); ++p) {
      decode_rows(was.is_stack() ? rows_of(was, int64_t(p)) : rows_of(was), 0, was.rows, expected.data());
      different += std::memcmp(actual[p], expected.data(), is.part_bytes()) != 0;
    }
    CHECK(different == 0);
  }
}

TEST_CASE("weights=f8 is FP8 where DeepSeek publishes it, close to what it was, and leaves FP8 alone") {
  InlineRunner runner;
  for (const Source& source : kSources) {
    const auto host = folder(source);
    const auto plain = build_text_model(open_checkpoint(host, "m"));
    load_scales(*plain, host);
    const Loaded loaded = converted(host, host, "f8", runner);
    for (size_t i = 0; i < plain->weights.size(); ++i) {
      const Weight &was = plain->weights[i], &is = loaded.model->weights[i];
      CAPTURE(is.name);
      if (was.dtype == Dtype::f8_e4m3) CHECK(places(is) == places(was));
      const bool kept = is.is_vector() || is.name == "model.embed_tokens.weight" || is.name == "lm_head.weight" ||
                        is.name.ends_with(".mlp.gate.weight");
      CHECK((is.dtype == Dtype::f8_e4m3) == !kept);
      if (kept || was.dtype == Dtype::f8_e4m3) continue;
      std::vector<float> before(size_t(is.rows * is.cols)), after(before.size());
      const bool stack = is.is_stack();
      decode_rows(stack ? rows_of(was, 1) : rows_of(was), 0, was.rows, before.data());
      decode_rows(stack ? rows_of(is, 1) : rows_of(is), 0, is.rows, after.data());
      float largest = 0, worst = 0;
      for (size_t k = 0; k < before.size(); ++k) {
        largest = std::max(largest, std::fabs(before[k]));
        worst = std::max(worst, std::fabs(before[k] - after[k]));
      }
      CHECK(worst > 0);
      CHECK(worst <= largest * 16 / 448 * 1.001f);   // half a step of the top binade, [256, 448]
    }
  }
}

TEST_CASE("packing holds the result and one converted weight, and keeps only what the backend reads") {
  ThreadPool pool(2);
  const auto host = folder(kSources[0]);
  for (const char* type : {"q8_0", "f8", "bf16"}) {
    CAPTURE(std::string(type));
    const auto peak_host = std::make_shared<PeakHost>(host);
    auto model = build_text_model(open_checkpoint(host, "m"));
    WeightConversion conversion(*model, type);
    load_scales(*model, peak_host);
    Program program(model->graph, open_backend("cpu", {}), model->weights);
    size_t largest = 0, result = program.packed_bytes() + peak_host->lent;
    program.pack(peak_host, pool, [&](const Weight& weight) {
                   conversion.make(weight, program.packed_bytes(weight) > 0, peak_host, pool);
                 },
                 [&](const Weight& weight, bool reads_source) {
                   if (!conversion.converts(weight)) return;
                   const size_t bytes = weight.bytes() + (weight.dtype == Dtype::f8_e4m3 ? weight.bytes() / 64 : 0);
                   largest = std::max(largest, bytes);
                   if (reads_source) result += bytes;
                   else conversion.drop(weight);
                 });
    conversion.finish();
    CHECK(peak_host->peak <= result + largest + conversion.working_bytes());
    CHECK(peak_host->lent <= result);
  }
}

TEST_CASE("an index alone tells the types that the files would get") {
  const auto host = folder(kSources[0]);
  InlineRunner runner;
  const auto bare_host = std::make_shared<MemoryHost>();
  for (const char* path : {"m/config.json", "m/model.safetensors.index.json"}) bare_host->files[path] = host->files[path];
  const auto there = build_text_model(open_checkpoint(host, "m")), told = build_text_model(open_checkpoint(bare_host, "m", true));
  for (size_t i = 0; i < there->weights.size(); ++i)
    CHECK((told->weights[i].dtype == Dtype::f8_e4m3) == (there->weights[i].dtype == Dtype::f8_e4m3));
  for (const char* type : {"q4_k_m", "q8_0", "f8", "q2_k"}) {
    CAPTURE(std::string(type));
    const Loaded whole = converted(host, host, type, runner);
    const auto named = build_text_model(open_checkpoint(bare_host, "m", true));
    const WeightConversion conversion(*named, type);
    REQUIRE(named->weights.size() == whole.model->weights.size());
    for (size_t i = 0; i < named->weights.size(); ++i) {
      const Weight &expected = whole.model->weights[i], &actual = named->weights[i];
      CAPTURE(expected.name);
      // What is neither converted nor FP8 has the format that config.json declares.
      if (std::string(type) == "f8" && expected.dtype != Dtype::f8_e4m3) continue;
      CHECK(name(actual.dtype) == name(expected.dtype));
    }
  }
}

TEST_CASE("converting and quantising name an FP8 tensor whose codes or scales are no numbers") {
  InlineRunner runner;
  const std::string tensor = "model.layers.1.mlp.experts.3.up_proj.weight";
  for (const bool in_scales : {false, true}) {
    const auto host = folder(kSources[0]);
    const auto checkpoint = open_checkpoint(host, "m");
    const StoredTensor* damaged = checkpoint->find(in_scales ? tensor + "_scale_inv" : tensor);
    std::string& bytes = host->files[checkpoint->files[size_t(damaged->file)].path];
    std::memset(&bytes[size_t(damaged->offset)], 0xFF, size_t(info(damaged->dtype).block_bytes));
    const std::string expected = in_scales ? tensor + "_scale_inv: expected finite scales" : tensor + ": expected numbers, found NaN";
    CHECK(mentions(sentence_of(Status::corrupt, [&] { converted(host, host, "q8_0", runner); }), expected));
    MemorySink sink;
    CHECK(mentions(sentence_of(Status::corrupt, [&] {
                     quantize(host, runner, quantize_job(checkpoint), quant_mix("q8_0"), sink,
                              [](const QuantizeProgress&) { return true; });
                   }), expected));
  }
}

TEST_CASE("an unknown type is refused with the known ones") {
  const auto host = folder(kSources[2]);
  const auto model = build_text_model(open_checkpoint(host, "m"));
  CHECK(mentions(sentence_of(Status::invalid_argument, [&] { WeightConversion(*model, "q9"); }), "q4_k_m"));
}

}  // namespace hadal::test
