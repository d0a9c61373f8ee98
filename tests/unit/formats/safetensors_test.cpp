#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_host.hpp"
#include "unit/formats/small_files.hpp"

#if defined(HADAL_WITH_JSON)

namespace {

using namespace hadal;
using namespace hadal::test;

std::shared_ptr<MemoryHost> folder_with(const std::string& weights) {
  auto host = std::make_shared<MemoryHost>();
  host->files["m/config.json"] = R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 4})";
  host->files["m/model.safetensors"] = weights;
  return host;
}

std::string refused(const std::string& header, Status expected = Status::corrupt, size_t data = 64) {
  const auto host = folder_with(safetensors_file(header, numbered_bytes(data)));
  return sentence_of(expected, [&] { open_checkpoint(host, "m"); });
}

bool opens_or_fails_cleanly(const std::string& weights) {
  const auto host = folder_with(weights);
  try {
    const auto file = open_checkpoint(host, "m");
    volatile unsigned sum = sum_of_bytes(*file);
    (void)sum;
    return true;
  } catch (const Error& error) {
    const bool expected = error.status() == Status::corrupt || error.status() == Status::unsupported;
    CHECK_MESSAGE(expected, error.what());
    return false;
  }
}

}  // namespace

TEST_CASE("a folder with one safetensors file gives config, tokenizer texts and unaligned tensors") {
  const auto host = folder_with(small_safetensors());
  host->files["m/generation_config.json"] = R"({"eos_token_id": [1, 2]})";
  host->files["m/tokenizer.json"] = "{}";
  host->files["m/tokenizer_config.json"] = R"({"bos_token": "<s>"})";
  host->files["m/chat_template.jinja"] = "{{ messages }}";
  for (const char* path : {"m", "m/model.safetensors", "m/config.json"}) {
    CAPTURE(path);
    const auto file = open_checkpoint(host, path);
    CHECK(file->container == Checkpoint::Container::safetensors);
    CHECK(*file->config.find("hidden_size")->as_integer() == 4);
    CHECK(file->generation_config.find("eos_token_id")->as_array()->size() == 2);
    CHECK(file->tokenizer_json == "{}");
    CHECK(file->tokenizer_config_json == R"({"bos_token": "<s>"})");
    CHECK(file->chat_template == "{{ messages }}");
    REQUIRE(file->tensors.size() == 4);
    const StoredTensor* norm = file->find("model.norm.weight");
    REQUIRE(norm);
    CHECK(norm->shape == std::vector<int64_t>{4});
    CHECK(norm->bytes == 16);
    CHECK(std::memcmp(norm->data, numbered_bytes(31).data() + 3, 16) == 0);
    CHECK(file->find("model.embed_tokens.weight")->dtype == Dtype::bf16);
    CHECK(file->find("mask")->dtype == Dtype::boolean);
    CHECK(file->find("empty")->bytes == 0);
  }
  CHECK(host->open_files == 0);
}

TEST_CASE("shards are found through the index, and only what it names is taken") {
  auto host = std::make_shared<MemoryHost>();
  const auto one = [](const std::string& name, unsigned seed) {
    return safetensors_file("{\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
                            "\"stray\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,16]}}", numbered_bytes(16, seed));
  };
  host->files["m/config.json"] = "{}";
  host->files["m/model.safetensors.index.json"] =
      R"({"metadata": {"total_size": 24}, "weight_map": {"a": "x-1-of-2.safetensors", "b": "y.safetensors", "stray": "y.safetensors"}})";
  host->files["m/x-1-of-2.safetensors"] = one("a", 1);
  host->files["m/y.safetensors"] = one("b", 2);
  const auto open = [&] { return open_checkpoint(host, "m"); };
  SUBCASE("both shards are there") {
    const auto file = open();
    REQUIRE(file->tensors.size() == 3);
    CHECK(std::memcmp(file->find("stray")->data, numbered_bytes(16, 2).data() + 8, 8) == 0);
    CHECK(file->files[size_t(file->find("a")->file)].path == "m/x-1-of-2.safetensors");
    CHECK(file->files[size_t(file->find("b")->file)].path == "m/y.safetensors");
  }
  SUBCASE("a missing shard is named, unless only the tokenizer is wanted") {
    host->files.erase("m/y.safetensors");
    CHECK(mentions(sentence_of(Status::not_found, open), "m/y.safetensors"));
    const auto named = open_checkpoint(host, "m", true);
    REQUIRE_FALSE(named->tensors.empty());   // names for a plan, without bytes
    for (const StoredTensor& tensor : named->tensors) CHECK((tensor.data == nullptr && tensor.shape.empty()));
  }
  SUBCASE("a shard without its tensor is named") {
    host->files["m/y.safetensors"] = one("c", 2);
    CHECK(mentions(sentence_of(Status::corrupt, open), "expected the tensor \"b\" in \"y.safetensors\""));
  }
  SUBCASE("an index cannot lead out of the folder") {
    for (const char* shard : {"../secret", "/etc/passwd", "a\\b", "", "..", "c:x"}) {
      host->files["m/model.safetensors.index.json"] = std::string("{\"weight_map\": {\"a\": \"") +
                                                      (std::string(shard) == "a\\b" ? "a\\\\b" : shard) + "\"}}";
      CHECK(mentions(sentence_of(Status::corrupt, open), "not a plain file name"));
    }
  }
  SUBCASE("an index without a map is refused") {
    host->files["m/model.safetensors.index.json"] = "{}";
    CHECK(mentions(sentence_of(Status::corrupt, open), "weight_map"));
  }
}

TEST_CASE("a folder with only tokenizer files serves the tokenizer and nothing else") {
  auto host = std::make_shared<MemoryHost>();
  host->files["m/tokenizer.json"] = "{}";
  CHECK(open_checkpoint(host, "m", true)->tokenizer_json == "{}");
  sentence_of(Status::not_found, [&] { open_checkpoint(host, "m"); });
  host->files["m/config.json"] = "{}";
  CHECK(mentions(sentence_of(Status::not_found, [&] { open_checkpoint(host, "m"); }), "model.safetensors"));
  host->files["m/config.json"] = "[]";
  CHECK(mentions(sentence_of(Status::corrupt, [&] { open_checkpoint(host, "m"); }), "expected an object"));
}

TEST_CASE("tensors that contradict their header are refused by name") {
  const auto one = [](const std::string& about) { return R"({"w":)" + about + "}"; };
  CHECK(mentions(refused(one(R"({"dtype":"F8_E5M2","shape":[4],"data_offsets":[0,4]})"), Status::unsupported), "\"w\""));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[4],"data_offsets":[0,15]})")), "do not hold the 16 bytes"));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})")), "\"w\""));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[4],"data_offsets":[60,76]})")), "leave the file"));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})")), "natural numbers"));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[4.0],"data_offsets":[0,16]})")), "natural numbers"));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,16]})")), "2^63 values"));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,16]})")), "memory can address"));
  CHECK(mentions(refused(one(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,16]})")), "natural numbers"));
  CHECK(mentions(refused(one(R"({"dtype":"U8","shape":[],"data_offsets":[0,1,2]})")), "two data_offsets"));
  CHECK(mentions(refused(one(R"({"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]})")), "dimensions"));
  CHECK(mentions(refused(one("{}")), "expected dtype"));
  CHECK(mentions(refused(one("3")), "expected dtype"));
  CHECK(mentions(refused(R"({"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                         R"("v":{"dtype":"U8","shape":[8],"data_offsets":[7,15]}})"), "overlap"));
  CHECK(mentions(refused(R"({"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                         R"("w":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}})"), "appears twice"));
  CHECK(mentions(refused("[]"), "does not start with {"));
  const auto host = folder_with(std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10));
  CHECK(mentions(sentence_of(Status::corrupt, [&] { open_checkpoint(host, "m"); }), "at most 100000000"));
}

TEST_CASE("a safetensors file cut anywhere is refused; with any header bit flipped it stays inside its bytes") {
  std::string file = small_safetensors();
  for (size_t length = 0; length < file.size(); ++length) {
    CAPTURE(length);
    CHECK(!opens_or_fails_cleanly(file.substr(0, length)));
  }
  CHECK(opens_or_fails_cleanly(file));
  const size_t header = 8 + std::strlen(small_safetensors_header());
  for (size_t bit = 0; bit < header * 8; ++bit) {
    file[bit / 8] ^= char(1 << bit % 8);
    opens_or_fails_cleanly(file);
    file[bit / 8] ^= char(1 << bit % 8);
  }
}

#else

TEST_CASE("a build without JSON refuses a safetensors folder with a sentence") {
  using namespace hadal;
  using namespace hadal::test;
  auto host = std::make_shared<MemoryHost>();
  host->files["m/config.json"] = "{}";
  CHECK(mentions(sentence_of(Status::unsupported, [&] { open_checkpoint(host, "m"); }), "HADAL_JSON"));
}

#endif
