// Files written by the gguf and safetensors packages; recipe in tests/golden/recipes/formats.py.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "formats/gguf_writer.hpp"
#include "formats/source_file.hpp"
#include "quant/block_format.hpp"
#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_sink.hpp"

namespace {

using namespace hadal;
using namespace hadal::test;

const std::string kFolder = std::string(HADAL_TEST_DATA) + "/formats/";

// The recipe's formula.
float value(int64_t i) { return float(i * 7 % 64 - 32) / 8; }

std::vector<float> values(int64_t count) {
  std::vector<float> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(value(i));
  return out;
}

void check_values(const Checkpoint& file, const char* name, std::vector<int64_t> shape, double tolerance) {
  CAPTURE(name);
  const StoredTensor* tensor = file.find(name);
  REQUIRE(tensor);
  CHECK(tensor->shape == shape);
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  std::vector<float> decoded(static_cast<size_t>(count));
  decode(tensor->dtype, tensor->data, decoded.data(), count);
  for (int64_t i = 0; i < count; ++i) CHECK(std::fabs(decoded[size_t(i)] - value(i)) <= tolerance);
}

void check_package_file(const Checkpoint& file) {
  const Metadata& metadata = file.metadata;
  CHECK(metadata.string("general.architecture") == "llama");
  CHECK(metadata.integer("value.u8") == 200);
  CHECK(metadata.integer("value.i8") == -100);
  CHECK(metadata.integer("value.u16") == 60000);
  CHECK(metadata.integer("value.i16") == -30000);
  CHECK(metadata.integer("value.u32") == 4000000000);
  CHECK(metadata.integer("value.i32") == -2000000000);
  CHECK(metadata.integer("value.u64") == int64_t{1} << 60);
  CHECK(metadata.integer("value.i64") == -(int64_t{1} << 60));
  CHECK(metadata.number("value.f32") == 0.5);
  CHECK(metadata.number("value.f64") == 0.1);
  CHECK(metadata.boolean("value.bool") == true);
  CHECK(metadata.string("value.string") == "深度 é");
  CHECK(metadata.strings("array.strings")[2] == "Ġthe");
  CHECK(metadata.integers("array.ints")[1] == -2);
  CHECK(metadata.floats("array.floats")[1] == -1.5f);
  check_values(file, "token_embd.weight", {6, 32}, 0);
  check_values(file, "output_norm.weight", {5}, 0);
  check_values(file, "blk.0.half.weight", {2, 3}, 0);
  check_values(file, "blk.0.q8.weight", {3, 64}, 4.0 / 127 / 2 + 0.002);   // half a step of amax / 127, and d as f16
  const StoredTensor* ids = file.find("blk.0.ids");
  REQUIRE(ids);
  CHECK(ids->dtype == Dtype::i32);
  int32_t last;
  std::memcpy(&last, ids->data + 12, 4);
  CHECK(last == 3);
}

}  // namespace

TEST_CASE("a file of the gguf package reads as it was written") {
  check_package_file(*open_checkpoint(system_host(), kFolder + "package.gguf"));
}

TEST_CASE("a split file of the gguf package reads the same from each of its parts") {
  for (const char* part : {"1", "2", "3"})
    check_package_file(*open_checkpoint(system_host(), kFolder + "split-0000" + part + "-of-00003.gguf"));
}

TEST_CASE("our GGUF writer gives the bytes of the gguf package") {
  GgufWriter writer;
  writer.set_string("general.architecture", "replaced below");
  writer.set_u32("a.u32", 7);
  writer.set_i32("a.i32", -7);
  writer.set_u64("a.u64", uint64_t{1} << 40);
  writer.set_f32("a.f32", 1.25f);
  writer.set_bool("a.bool", true);
  writer.set_string("a.string", "text");
  writer.set_strings("a.strings", std::vector<std::string_view>{"x", "yz"});
  writer.set_i32s("a.i32s", std::vector<int32_t>{1, -1});
  writer.set_f32s("a.f32s", std::vector<float>{0.5f, 0.25f});
  writer.set_string("general.architecture", "llama");
  writer.add_tensor("first.weight", Dtype::f32, std::vector<int64_t>{3, 5});
  writer.add_tensor("second.weight", Dtype::f16, std::vector<int64_t>{2, 1, 4});
  MemorySink sink;
  writer.begin(sink);
  const std::vector<float> first = values(15), second = values(8);
  writer.write(std::as_bytes(std::span(first)).first(8));
  writer.write(std::as_bytes(std::span(first)).subspan(8));
  std::vector<std::byte> half(16);
  block_format(Dtype::f16).encode(second.data(), half.data(), 8, nullptr);
  writer.write(half);
  writer.finish();
  const std::string path = kFolder + "written.gguf";
  CHECK(sink.text == read_text(*open_system_file(path), path, 1 << 20));
}

#if defined(HADAL_WITH_JSON)

TEST_CASE("shards of the safetensors package read as they were written") {
  const auto file = open_checkpoint(system_host(), kFolder + "sharded");
  CHECK(file->files.size() == 2);
  REQUIRE(file->tensors.size() == 6);
  check_values(*file, "model.f32", {3, 5}, 0);
  check_values(*file, "model.f16", {3, 5}, 0);
  check_values(*file, "model.bf16", {3, 5}, 0);
  CHECK(file->find("model.bf16")->dtype == Dtype::bf16);
  const StoredTensor* scalar = file->find("model.scalar");
  REQUIRE(scalar);
  CHECK(scalar->shape.empty());
  float number;
  std::memcpy(&number, scalar->data, 4);
  CHECK(number == 2.5f);
  CHECK(file->find("model.ids")->dtype == Dtype::i64);
  CHECK(file->find("model.flags")->dtype == Dtype::boolean);
}

#endif
