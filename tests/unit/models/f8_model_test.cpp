// FP8 folders: logits against transformers on the de-quantised weights, and what is said of folders that are damaged.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/thread_pool.hpp"
#include "models/weight_scales.hpp"
#include "unit/formats/expect_error.hpp"
#include "unit/models/model_runner.hpp"
#include "unit/models/tiny_folder.hpp"
#include "unit/models/tiny_weights.hpp"

namespace hadal::test {
namespace {

constexpr int64_t kPositions = 200, kEvery = 8;
const std::string kFolder = HADAL_TEST_DATA "/models/deepseek_v3_f8";

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<MemoryHost> f8_folder() {
  auto host = std::make_shared<MemoryHost>();
  write_tiny_folder(*host, file_text(kFolder + "/config.json"), true);
  return host;
}

std::unique_ptr<TextModel> loaded(const std::shared_ptr<MemoryHost>& host) {
  auto model = build_text_model(open_checkpoint(host, "m"));
  load_scales(*model, host);
  return model;
}

// The byte in the shards where a tensor's data begin.
char& first_byte(MemoryHost& host, const std::string& tensor) {
  for (auto& [path, bytes] : host.files) {
    if (!path.ends_with(".safetensors")) continue;
    const auto checkpoint = open_checkpoint(std::shared_ptr<MemoryHost>(&host, [](MemoryHost*) {}), "m");
    const StoredTensor* found = checkpoint->find(tensor);
    REQUIRE(found);
    if (checkpoint->files[size_t(found->file)].path == path) return bytes[size_t(found->offset)];
  }
  FAIL("no such tensor");
  return host.files.begin()->second[0];
}

void rename_in_files(MemoryHost& host, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  for (auto& [path, bytes] : host.files)
    for (size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1))
      bytes.replace(at, from.size(), to);
}

constexpr const char* kUp = "model.layers.1.mlp.experts.3.up_proj.weight";

}  // namespace

TEST_CASE("an FP8 model gives the logits that transformers gives on its de-quantised weights") {
  const auto model = loaded(f8_folder());
  const int64_t vocab = model->config.vocab_size;
  const std::string golden_bytes = file_text(kFolder + "/logits.f32");
  std::vector<float> golden(golden_bytes.size() / sizeof(float));
  std::memcpy(golden.data(), golden_bytes.data(), golden_bytes.size());
  const auto [low, high] = std::minmax_element(golden.begin(), golden.end());
  std::vector<int32_t> tokens;
  for (float u : uniform("tokens", size_t(kPositions))) tokens.push_back(int32_t((u + 1) * float(vocab / 2)));
  size_t f8 = 0;
  for (const Weight& weight : model->weights) f8 += weight.dtype == Dtype::f8_e4m3;
  CHECK(f8 > 20);

  ThreadPool pool(2);
  struct Setting {
    const char *backend, *cpu;
    Dtype cache;
    bool panels;
    double bound;   // share of the logits' range; tests/README.md
  };
  constexpr Setting kSettings[] = {{"reference", "", Dtype::f32, true, 1e-4}, {"cpu", "scalar", Dtype::f32, true, 2e-3},
                                   {"cpu", "avx2", Dtype::f32, true, 2e-3},   {"cpu", "avx2", Dtype::f32, false, 2e-3},
                                   {"cpu", "", Dtype::f16, true, 5e-3}};   // of 95 % of the rows, where experts may change
  for (const Setting& setting : kSettings) {
    CAPTURE(std::string(setting.backend));
    CAPTURE(std::string(setting.cpu));
    CAPTURE(setting.panels);
    BackendOptions options;
    options.cpu = setting.cpu;
    options.panels = setting.panels;
    options.cache_type = setting.cache;
    try {
      open_backend(setting.backend, options);
    } catch (const Error& error) {
      REQUIRE(error.status() == Status::unsupported);
      MESSAGE("skipped: ", std::string(error.what()));
      continue;
    }
    ModelRunner runner(*model, setting.backend, options, pool);
    const auto logits = runner.feed(tokens, kPositions);
    std::vector<double> worst;
    for (int64_t row = 0; row < kPositions / kEvery; ++row) {
      worst.push_back(0);
      for (int64_t i = 0; i < vocab; ++i)
        if (const double difference = std::abs(double(golden[size_t(row * vocab + i)]) -
                                               logits[size_t(((row + 1) * kEvery - 1) * vocab + i)]);
            !(difference <= worst.back()))   // NaN too
          worst.back() = difference;
    }
    std::sort(worst.begin(), worst.end());
    const size_t rows = setting.cache == Dtype::f16 ? worst.size() * 95 / 100 : worst.size();
    CHECK(worst[rows - 1] / (double(*high) - *low) <= setting.bound);
    runner.reset();
    CHECK(runner.feed(tokens, 7) == logits);
  }
}

TEST_CASE("missing scales are named") {
  const auto host = f8_folder();
  rename_in_files(*host, std::string(kUp) + "_scale_inv", std::string(kUp) + "_scale_xyz");
  const std::string sentence = sentence_of(Status::corrupt, [&] { loaded(host); });
  CHECK(mentions(sentence, std::string(kUp) + "_scale_inv: expected the scales [2, 2]"));
}

TEST_CASE("scales of a wrong shape or kind are named") {
  for (const char* name : {"model.layers.0.self_attn.kv_a_proj_with_mqa.weight", kUp}) {
    CAPTURE(std::string(name));
    const auto host = f8_folder();
    const std::string about = std::string("\"") + name + "_scale_inv\":{\"dtype\":\"";
    for (auto& [path, bytes] : host->files) {
      const size_t at = bytes.find(about);
      if (at == std::string::npos) continue;
      bytes.replace(bytes.find("[2,2]", at), 5, "[4,1]");
    }
    CHECK(mentions(sentence_of(Status::corrupt, [&] { loaded(host); }),
                   std::string(name) + "_scale_inv: expected [2, 2] for "));
  }
}

TEST_CASE("scales that are no numbers are named, whatever their format") {
  const auto clean = f8_folder();
  const auto checkpoint = open_checkpoint(clean, "m");
  int formats = 0;
  for (const Dtype dtype : {Dtype::f32, Dtype::bf16, Dtype::f8_e8m0}) {
    for (const StoredTensor& tensor : checkpoint->tensors) {
      if (tensor.dtype != dtype || !tensor.name.ends_with("_scale_inv")) continue;
      CAPTURE(tensor.name);
      const auto host = f8_folder();
      char* byte = &first_byte(*host, tensor.name);
      std::memset(byte, 0xFF, size_t(info(dtype).block_bytes));
      CHECK(mentions(sentence_of(Status::corrupt, [&] { loaded(host); }), tensor.name + ": expected finite scales, found NaN"));
      ++formats;
      break;
    }
  }
  CHECK(formats == 3);
}

TEST_CASE("NaN among the codes is named by every backend, before anything runs") {
  InlineRunner runner;
  for (const std::string name : {"model.layers.0.self_attn.o_proj.weight", "model.layers.0.mlp.up_proj.weight"}) {
    for (const char code : {'\x7F', '\xFF'}) {
      const auto host = f8_folder();
      first_byte(*host, name) = code;
      const auto model = loaded(host);
      for (const char* backend : {"reference", "cpu"}) {
        CAPTURE(name);
        CAPTURE(std::string(backend));
        Program program(model->graph, open_backend(backend, {}), model->weights);
        CHECK(mentions(sentence_of(Status::corrupt, [&] { program.pack(host, runner, [](const Weight&, bool) {}); }),
                       name + ": expected numbers, found NaN among its FP8 codes"));
      }
    }
  }
}

TEST_CASE("NaN among the codes of an expert is named with the expert") {
  InlineRunner runner;
  const auto host = f8_folder();
  first_byte(*host, kUp) = '\x7F';
  const auto model = loaded(host);
  for (const char* backend : {"reference", "cpu"}) {
    CAPTURE(std::string(backend));
    Program program(model->graph, open_backend(backend, {}), model->weights);
    const std::string sentence =
        sentence_of(Status::corrupt, [&] { program.pack(host, runner, [](const Weight&, bool) {}); });
    CHECK(mentions(sentence, "model.layers.1.mlp.experts.up_proj.weight: expected numbers, found NaN"));
    CHECK(sentence.ends_with(" 3"));
  }
}

TEST_CASE("FP8 without its scales is never computed with") {
  InlineRunner runner;
  const auto host = f8_folder();
  const auto model = build_text_model(open_checkpoint(host, "m"));
  for (const char* backend : {"reference", "cpu"}) {
    Program program(model->graph, open_backend(backend, {}), model->weights);
    sentence_of(Status::internal, [&] { program.pack(host, runner, [](const Weight&, bool) {}); });
  }
}

TEST_CASE("a shard that is missing or cut is named") {
  for (const char* shard : {"m/model-00001-of-00002.safetensors", "m/model-00002-of-00002.safetensors"}) {
    auto host = f8_folder();
    host->files.erase(shard);
    CHECK(mentions(sentence_of(Status::not_found, [&] { loaded(host); }), shard));
    host = f8_folder();
    std::string& bytes = host->files[shard];
    bytes.resize(bytes.size() - 1);
    CHECK(mentions(sentence_of(Status::corrupt, [&] { loaded(host); }), "leave the file"));
  }
}

TEST_CASE("the bytes of scales are those that a plan counts") {
  const auto host = f8_folder();
  const auto model = build_text_model(open_checkpoint(host, "m"));
  const size_t before = host->lent_bytes;
  load_scales(*model, host);
  // k and v of kv_b_proj share their scales; counted apart, their ragged blocks take a little more.
  CHECK(host->lent_bytes - before <= scale_bytes(*model));
  CHECK(double(host->lent_bytes - before) >= 0.9 * double(scale_bytes(*model)));
}

}  // namespace hadal::test
