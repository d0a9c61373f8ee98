#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>

#include "formats/quantize.hpp"
#include "quant/block_format.hpp"
#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_host.hpp"
#include "unit/formats/memory_sink.hpp"
#include "unit/formats/small_files.hpp"

namespace {

using namespace hadal;
using namespace hadal::test;

constexpr auto kGoOn = [](const QuantizeProgress&) { return true; };

std::vector<float> wave(int64_t count, float phase) {
  std::vector<float> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(std::sin(float(i) * 0.37f + phase) * (1 + float(i % 7)));
  return out;
}

std::string text_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

// A model with rows of 512, 96 (no multiple of 256) and 5 (none of 32) values, a norm, a router and ids.
std::string build_float_model() {
  GgufBuilder gguf;
  gguf.string("general.architecture", "llama");
  gguf.scalar<uint32_t>("general.file_type", 4, 0);
  gguf.scalar<uint32_t>("llama.block_count", 4, 1);
  gguf.scalar<uint64_t>("split.count", 10, 0);
  gguf.tensor("token_embd.weight", {512, 6}, 0, text_of(wave(512 * 6, 0)));
  gguf.tensor("blk.0.attn_v.weight", {96, 3}, 0, text_of(wave(96 * 3, 1)));
  gguf.tensor("blk.0.attn_norm.weight", {512}, 0, text_of(wave(512, 2)));
  gguf.tensor("blk.0.ffn_gate_inp.weight", {512, 2}, 0, text_of(wave(1024, 3)));
  gguf.tensor("blk.0.odd.weight", {5, 2}, 0, text_of(wave(10, 4)));
  gguf.tensor("blk.0.ids", {4, 2}, 26, std::string(32, '\1'));
  return gguf.file();
}

// Checkpoints point into it, so it stays.
const std::string& float_model() {
  static const std::string bytes = build_float_model();
  return bytes;
}

struct Quantized {
  std::string bytes;
  QuantizeReport report;
  std::shared_ptr<Checkpoint> file;
};

Quantized quantized(const std::string& source, const char* type, TaskRunner& runner) {
  Quantized out;
  MemorySink sink;
  out.report = quantize(system_host(), runner, quantize_job(open_bytes(source)), quant_mix(type), sink, kGoOn);
  out.bytes = std::move(sink.text);
  out.file = open_bytes(out.bytes);
  return out;
}

Quantized quantized(const std::string& source, const char* type) {
  InlineRunner runner;
  return quantized(source, type, runner);
}

std::vector<float> values_of(const StoredTensor& tensor) {
  int64_t count = 1;
  for (int64_t size : tensor.shape) count *= size;
  std::vector<float> out(static_cast<size_t>(count));
  decode(tensor.dtype, tensor.data, out.data(), count);
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

}  // namespace

TEST_CASE("quantising keeps names, shapes and metadata, and converts what may be converted") {
  const std::string source = float_model();
  const Quantized out = quantized(source, "Q8_0");
  const Metadata& metadata = out.file->metadata;
  CHECK(metadata.string("general.architecture") == "llama");
  CHECK(metadata.integer("general.file_type") == 7);
  CHECK(metadata.integer("general.quantization_version") == 2);
  CHECK(!metadata.find("split.count"));
  CHECK(metadata.entries[1].first == "general.file_type");   // replaced in its place

  const auto before = open_bytes(source);
  const std::map<std::string, Dtype> expected = {
      {"token_embd.weight", Dtype::q8_0}, {"blk.0.attn_v.weight", Dtype::q8_0}, {"blk.0.attn_norm.weight", Dtype::f32},
      {"blk.0.ffn_gate_inp.weight", Dtype::f32}, {"blk.0.odd.weight", Dtype::f16}, {"blk.0.ids", Dtype::i32}};
  REQUIRE(out.file->tensors.size() == expected.size());
  uint64_t bytes = 0;
  for (size_t i = 0; i < before->tensors.size(); ++i) {
    const StoredTensor& was = before->tensors[i];
    const StoredTensor& is = out.file->tensors[i];
    CAPTURE(is.name);
    CHECK(is.name == was.name);
    CHECK(is.shape == was.shape);
    CHECK(is.dtype == expected.at(is.name));
    bytes += is.bytes;
    if (is.dtype == was.dtype) {
      CHECK(std::memcmp(is.data, was.data, is.bytes) == 0);
      CHECK(out.report.tensors[i].rmse == 0);
      continue;
    }
    const std::vector<float> x = values_of(was), y = values_of(is);
    double squared = 0, all = 0, largest = 0;
    for (size_t k = 0; k < x.size(); ++k) {
      squared += std::pow(double(y[k]) - double(x[k]), 2);
      all += double(x[k]) * double(x[k]);
      largest = std::max(largest, std::fabs(double(y[k]) - double(x[k])));
    }
    CHECK(largest > 0);
    CHECK(out.report.tensors[i].rmse == doctest::Approx(std::sqrt(squared / double(x.size()))));
    CHECK(out.report.tensors[i].rms == doctest::Approx(std::sqrt(all / double(x.size()))));
    CHECK(out.report.tensors[i].max == largest);
    CHECK(out.report.tensors[i].elements == int64_t(x.size()));
  }
  CHECK(out.report.tensor_bytes == bytes);
}

TEST_CASE("each format has the bytes of its encoder, and rows that do not fit get the next one") {
  const std::string source = float_model();
  struct Case { const char* type; Dtype of_512, of_96; };
  for (const auto& expected : {Case{"f16", Dtype::f16, Dtype::f16}, {"bf16", Dtype::bf16, Dtype::bf16},
                               {"q4_0", Dtype::q4_0, Dtype::q4_0}, {"q4_1", Dtype::q4_1, Dtype::q4_1},
                               {"q5_0", Dtype::q5_0, Dtype::q5_0}, {"q5_1", Dtype::q5_1, Dtype::q5_1},
                               {"q2_k", Dtype::q2_k, Dtype::iq4_nl}, {"q3_k", Dtype::q3_k, Dtype::iq4_nl},
                               {"q4_k", Dtype::q4_k, Dtype::q5_0}, {"q5_k", Dtype::q5_k, Dtype::q5_1},
                               {"q6_k", Dtype::q6_k, Dtype::q8_0}, {"iq4_nl", Dtype::iq4_nl, Dtype::iq4_nl},
                               {"q4_k_m", Dtype::q6_k, Dtype::q8_0}}) {
    CAPTURE(expected.type);
    const Quantized out = quantized(source, expected.type);
    const StoredTensor* tensor = out.file->find("token_embd.weight");
    CHECK(tensor->dtype == expected.of_512);
    CHECK(out.file->find("blk.0.attn_v.weight")->dtype == expected.of_96);
    CHECK(out.file->find("blk.0.odd.weight")->dtype == (expected.of_512 == Dtype::bf16 ? Dtype::bf16 : Dtype::f16));
    std::vector<std::byte> blocks(tensor->bytes);
    block_format(expected.of_512).encode(wave(512 * 6, 0).data(), blocks.data(), 512 * 6, nullptr);
    CHECK(std::memcmp(blocks.data(), tensor->data, blocks.size()) == 0);
  }
}

TEST_CASE("a quantised file widens to f32 with the values it stands for, and the same format copies") {
  const Quantized small = quantized(float_model(), "q4_0");
  const Quantized wide = quantized(small.bytes, "F32");
  for (const StoredTensor& tensor : wide.file->tensors) {
    if (tensor.dtype == Dtype::i32) continue;
    CHECK(tensor.dtype == Dtype::f32);
    CHECK(values_of(tensor) == values_of(*small.file->find(tensor.name)));
  }
  CHECK(quantized(small.bytes, "q4_0").bytes == small.bytes);
}

TEST_CASE("the bytes and the statistics do not depend on who does the work") {
  GgufBuilder gguf;
  gguf.tensor("large.weight", {4096, 300}, 0, text_of(wave(4096 * 300, 0)));   // more than one piece
  const std::string source = gguf.file();
  ReverseRunner reverse;
  const Quantized one = quantized(source, "q4_k"), other = quantized(source, "q4_k", reverse);
  CHECK(one.bytes == other.bytes);
  CHECK(one.report.tensors[0].rmse == other.report.tensors[0].rmse);
  CHECK(one.report.tensors[0].rms == other.report.tensors[0].rms);
  std::vector<std::byte> blocks(one.file->tensors[0].bytes);
  block_format(Dtype::q4_k).encode(wave(4096 * 300, 0).data(), blocks.data(), 4096 * 300, nullptr);
  CHECK(std::memcmp(blocks.data(), one.file->tensors[0].data, blocks.size()) == 0);
}

TEST_CASE("progress counts up to all values and may cancel; nothing appears under the new name then") {
  const auto job = quantize_job(open_bytes(float_model()));
  InlineRunner runner;
  const auto mix = quant_mix("q4_0");
  const std::string path = (std::filesystem::temp_directory_path() / "hadal-quantize-test.gguf").string();
  std::filesystem::remove(path);
  uint64_t last = 0;
  bool monotonic = true;
  QuantizeProgress end = {};
  {
    FileSink file(path);
    quantize(system_host(), runner, job, mix, file, [&](const QuantizeProgress& progress) {
      monotonic = monotonic && progress.values_done >= last;
      last = progress.values_done;
      end = progress;
      return true;
    });
    CHECK(!std::filesystem::exists(path));
    file.commit();
  }
  CHECK(std::filesystem::exists(path));
  CHECK(open_checkpoint(system_host(), path)->tensors.size() == 6);
  std::filesystem::remove(path);
  CHECK(monotonic);
  CHECK(end.values_done == end.values);
  CHECK(end.index + 1 == end.count);
  {
    FileSink file(path);
    const std::string sentence = sentence_of(Status::cancelled, [&] {
      quantize(system_host(), runner, job, mix, file, [](const QuantizeProgress& progress) { return progress.index < 2; });
    });
    CHECK(mentions(sentence, "blk.0.attn_norm.weight"));
  }
  CHECK(!std::filesystem::exists(path));
  CHECK(!std::filesystem::exists(path + ".part"));
  sentence_of(Status::io, [] { FileSink("/no/such/folder/file.gguf"); });
}

TEST_CASE("a full disk, an unknown type and an impossible conversion fail with a sentence") {
  InlineRunner runner;
  const auto job = quantize_job(open_bytes(float_model()));
  for (const uint64_t room : {0, 10, 500, 2000}) {
    MemorySink sink;
    sink.room = room;
    sentence_of(Status::io, [&] { quantize(system_host(), runner, job, quant_mix("q8_0"), sink, kGoOn); });
  }
  CHECK(mentions(sentence_of(Status::invalid_argument, [] { quant_mix("q4_k_x"); }), "q4_k_m"));
  auto unreadable = quantize_job(open_bytes(float_model()));
  unreadable.tensors[0].read = nullptr;
  MemorySink sink;
  CHECK(mentions(sentence_of(Status::unsupported, [&] {
                   quantize(system_host(), runner, unreadable, quant_mix("q8_0"), sink, kGoOn);
                 }), "token_embd.weight"));
  auto twice = quantize_job(open_bytes(float_model()));
  twice.tensors.push_back(twice.tensors[0]);
  CHECK(mentions(sentence_of(Status::invalid_argument, [&] {
                   quantize(system_host(), runner, twice, quant_mix("q8_0"), sink, kGoOn);
                 }), "appears twice"));
}

TEST_CASE("the writer refuses what a GGUF file cannot hold, and notices missing bytes") {
  GgufWriter writer;
  const std::vector<int64_t> row = {8};
  sentence_of(Status::unsupported, [&] { writer.add_tensor(std::string(65, 'x'), Dtype::f32, row); });
  sentence_of(Status::unsupported, [&] { writer.add_tensor("x", Dtype::boolean, row); });
  sentence_of(Status::unsupported, [&] { writer.add_tensor("x", Dtype::f32, std::vector<int64_t>{1, 1, 1, 1, 1}); });
  sentence_of(Status::unsupported, [&] { writer.add_tensor("x", Dtype::f32, std::vector<int64_t>{0}); });
  sentence_of(Status::corrupt, [&] { writer.add_tensor("x", Dtype::q8_0, row); });
  sentence_of(Status::invalid_argument, [&] { writer.set_u32("\xFF", 1); });
  sentence_of(Status::invalid_argument, [&] { writer.finish(); });
  writer.add_tensor("t", Dtype::f32, row);
  MemorySink sink;
  writer.begin(sink);
  const std::vector<std::byte> bytes(33);
  sentence_of(Status::invalid_argument, [&] { writer.write(bytes); });
  writer.write(std::span(bytes).first(31));
  CHECK(mentions(sentence_of(Status::invalid_argument, [&] { writer.finish(); }), "\"t\" lacks bytes"));
  writer.write(std::span(bytes).first(1));
  writer.finish();
  sentence_of(Status::invalid_argument, [&] { writer.write(bytes); });
}

#if defined(HADAL_WITH_JSON)

TEST_CASE("a safetensors folder becomes one GGUF file that opens as the folder did") {
  auto host = std::make_shared<MemoryHost>();
  host->files["m/config.json"] = R"({"model_type": "llama", "num_hidden_layers": 1})";
  host->files["m/generation_config.json"] = R"({"eos_token_id": 2})";
  host->files["m/tokenizer.json"] = R"({"model": {}})";
  host->files["m/chat_template.jinja"] = "{{ x }}";
  const std::vector<float> down = wave(256 * 2, 0), gate = wave(256, 1);
  host->files["m/model.safetensors"] = safetensors_file(
      R"({"model.layers.0.mlp.down_proj.weight":{"dtype":"F32","shape":[2,256],"data_offsets":[0,2048]},)"
      R"("model.layers.0.mlp.gate.weight":{"dtype":"F32","shape":[1,256],"data_offsets":[2048,3072]}})",
      text_of(down) + text_of(gate));
  const auto folder = open_checkpoint(host, "m");
  InlineRunner runner;
  MemorySink sink;
  quantize(system_host(), runner, quantize_job(folder), quant_mix("q4_k_m"), sink, kGoOn);
  const auto file = open_bytes(sink.text);
  CHECK(file->container == Checkpoint::Container::safetensors);
  CHECK(*file->config.find("num_hidden_layers")->as_integer() == 1);
  CHECK(*file->generation_config.find("eos_token_id")->as_integer() == 2);
  CHECK(file->tokenizer_json == folder->tokenizer_json);
  CHECK(file->tokenizer_config_json.empty());
  CHECK(file->chat_template == "{{ x }}");
  REQUIRE(file->tensors.size() == 2);
  CHECK(file->find("model.layers.0.mlp.down_proj.weight")->dtype == Dtype::q6_k);   // the rule of ffn_down
  CHECK(file->find("model.layers.0.mlp.down_proj.weight")->shape == std::vector<int64_t>{2, 256});
  CHECK(values_of(*file->find("model.layers.0.mlp.gate.weight")) == gate);          // a router stays f32

  MemorySink again;   // and such a file is a source like any other
  quantize(system_host(), runner, quantize_job(file), quant_mix("q8_0"), again, kGoOn);
  CHECK(open_bytes(again.text)->find("model.layers.0.mlp.down_proj.weight")->dtype == Dtype::q8_0);
  CHECK(open_bytes(again.text)->config_text == folder->config_text);
}

#endif
