#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "unit/formats/expect_error.hpp"
#include "unit/formats/memory_host.hpp"
#include "unit/formats/small_files.hpp"

namespace {

using namespace hadal;
using namespace hadal::test;

std::string refused(const GgufBuilder& gguf, Status expected = Status::corrupt) {
  return sentence_of(expected, [bytes = gguf.file()] { open_bytes(bytes); });
}

}  // namespace

TEST_CASE("a small GGUF file gives its metadata, tensors and bytes") {
  const GgufBuilder gguf = small_gguf();
  const std::string bytes = gguf.file();
  const auto file = open_bytes(bytes);
  CHECK(file->container == Checkpoint::Container::gguf);
  CHECK(file->metadata.string("general.architecture") == "llama");
  CHECK(file->metadata.integer("llama.block_count") == 2);
  CHECK(file->metadata.number("llama.block_count") == 2.0);
  CHECK(file->metadata.number("llama.rope.freq_base") == 10000.0);
  CHECK(file->metadata.boolean("tokenizer.ggml.add_bos_token") == true);
  CHECK(!file->metadata.integer("no.such.key"));
  const auto tokens = file->metadata.strings("tokenizer.ggml.tokens");
  REQUIRE(tokens.size() == 4);
  CHECK(tokens[2] == "ab");
  CHECK(tokens[0].data() > bytes.data());
  CHECK(tokens[0].data() < bytes.data() + bytes.size());
  CHECK(file->metadata.integers("tokenizer.ggml.token_type")[2] == -1);
  CHECK(file->metadata.floats("tokenizer.ggml.scores")[3] == 2.0f);

  REQUIRE(file->tensors.size() == 3);
  const StoredTensor* experts = file->find("blk.0.ffn_down_exps.weight");
  REQUIRE(experts);
  CHECK(experts->shape == std::vector<int64_t>{2, 3, 32});
  CHECK(experts->dtype == Dtype::bf16);
  CHECK(experts->bytes == 2 * 3 * 32 * 2);
  CHECK(std::memcmp(experts->data, numbered_bytes(experts->bytes, 3).data(), experts->bytes) == 0);
  CHECK(bytes.data() + experts->offset == reinterpret_cast<const char*>(experts->data));
  CHECK(!file->find("blk.1.ffn_down_exps.weight"));
}

TEST_CASE("integers of every width are widened and keep their sign") {
  GgufBuilder gguf;
  gguf.scalar<uint8_t>("u8", 0, 200);
  gguf.scalar<int8_t>("i8", 1, -100);
  gguf.scalar<uint16_t>("u16", 2, 60000);
  gguf.scalar<int16_t>("i16", 3, -30000);
  gguf.scalar<uint32_t>("u32", 4, 4000000000u);
  gguf.scalar<int32_t>("i32", 5, -2000000000);
  gguf.scalar<uint64_t>("u64", 10, uint64_t{1} << 62);
  gguf.scalar<int64_t>("i64", 11, INT64_MIN);
  gguf.scalar<double>("f64", 12, 0.1);
  gguf.scalar<uint64_t>("large", 10, UINT64_MAX);
  gguf.array<uint64_t>("u64s", 10, {1, uint64_t{1} << 62});
  gguf.array<int8_t>("i8s", 1, {-1, 1});
  gguf.array<double>("f64s", 12, {0.5});
  gguf.array<uint8_t>("bools", 7, {1, 0});
  gguf.array<uint32_t>("none", 4, {});
  const std::string bytes = gguf.file();
  const auto file = open_bytes(bytes);
  const Metadata& metadata = file->metadata;
  CHECK(metadata.integer("u8") == 200);
  CHECK(metadata.integer("i8") == -100);
  CHECK(metadata.integer("u16") == 60000);
  CHECK(metadata.integer("i16") == -30000);
  CHECK(metadata.integer("u32") == 4000000000);
  CHECK(metadata.integer("i32") == -2000000000);
  CHECK(metadata.integer("u64") == int64_t{1} << 62);
  CHECK(metadata.integer("i64") == INT64_MIN);
  CHECK(metadata.number("f64") == 0.1);
  CHECK(metadata.number("large") == 18446744073709551615.0);
  CHECK(mentions(sentence_of(Status::corrupt, [&] { metadata.integer("large"); }), "\"large\""));
  CHECK(metadata.integers("u64s")[1] == int64_t{1} << 62);
  CHECK(metadata.integers("i8s")[0] == -1);
  CHECK(metadata.floats("f64s")[0] == 0.5f);
  CHECK(metadata.strings("none").empty());   // an empty array may have any element type
  CHECK(std::get<std::vector<bool>>(*metadata.find("bools")) == std::vector<bool>{true, false});
  CHECK(mentions(sentence_of(Status::corrupt, [&] { metadata.string("u8"); }), "expected a string, found an integer"));
  CHECK(mentions(sentence_of(Status::corrupt, [&] { metadata.strings("u64s"); }), "found an array of integers"));
  CHECK(mentions(sentence_of(Status::corrupt, [&] { metadata.boolean("u8"); }), "expected a bool"));
}

TEST_CASE("every tensor type of the format is recognised, and those without a decoder are named") {
  struct Type { uint32_t id; uint64_t block, bytes; const char* name; };
  for (const Type type : {Type{0, 1, 4, "f32"}, {1, 1, 2, "f16"}, {2, 32, 18, "q4_0"}, {3, 32, 20, "q4_1"},
                          {6, 32, 22, "q5_0"}, {7, 32, 24, "q5_1"}, {8, 32, 34, "q8_0"}, {10, 256, 84, "q2_k"},
                          {11, 256, 110, "q3_k"}, {12, 256, 144, "q4_k"}, {13, 256, 176, "q5_k"},
                          {14, 256, 210, "q6_k"}, {20, 32, 18, "iq4_nl"}, {23, 256, 136, "iq4_xs"}, {24, 1, 1, "i8"},
                          {25, 1, 2, "i16"}, {26, 1, 4, "i32"}, {27, 1, 8, "i64"}, {28, 1, 8, "f64"},
                          {30, 1, 2, "bf16"}}) {
    CAPTURE(type.id);
    GgufBuilder gguf;
    gguf.tensor("t", {type.block * 2, 3}, type.id, std::string(type.bytes * 6, 'x'));
    const std::string bytes = gguf.file();
    const auto file = open_bytes(bytes);
    CHECK(name(file->tensors[0].dtype) == type.name);
    CHECK(file->tensors[0].bytes == type.bytes * 6);
  }
  for (const Type type : {Type{9, 0, 0, "Q8_1"}, {15, 0, 0, "Q8_K"}, {16, 0, 0, "IQ2_XXS"}, {17, 0, 0, "IQ2_XS"},
                          {18, 0, 0, "IQ3_XXS"}, {19, 0, 0, "IQ1_S"}, {21, 0, 0, "IQ3_S"}, {22, 0, 0, "IQ2_S"},
                          {29, 0, 0, "IQ1_M"}, {34, 0, 0, "TQ1_0"}, {35, 0, 0, "TQ2_0"}, {39, 0, 0, "MXFP4"},
                          {40, 0, 0, "NVFP4"}, {41, 0, 0, "Q1_0"}, {42, 0, 0, "Q2_0"}, {4, 0, 0, "id 4"},
                          {31, 0, 0, "id 31"}, {38, 0, 0, "id 38"}, {43, 0, 0, "id 43"}, {UINT32_MAX, 0, 0, "id "}}) {
    GgufBuilder gguf;
    gguf.tensor("blk.7.odd", {256}, type.id, std::string(1024, 'x'));
    const std::string sentence = refused(gguf, Status::unsupported);
    CHECK_MESSAGE(mentions(sentence, "\"blk.7.odd\""), sentence);
    CHECK_MESSAGE(mentions(sentence, type.name), sentence);
  }
}

TEST_CASE("version 2 is read, other versions and the big-endian variant are refused by name") {
  GgufBuilder gguf = small_gguf();
  gguf.version = 2;
  const std::string bytes = gguf.file();
  CHECK(open_bytes(bytes)->tensors.size() == 3);
  gguf.version = 1;
  CHECK(mentions(refused(gguf, Status::unsupported), "found 1"));
  gguf.version = 4;
  CHECK(mentions(refused(gguf, Status::unsupported), "found 4"));
  gguf.version = 3u << 24;
  CHECK(mentions(refused(gguf, Status::unsupported), "big-endian"));
}

TEST_CASE("the alignment of the file is used, and must be a multiple of 8") {
  GgufBuilder gguf;
  gguf.alignment = 4096;
  gguf.scalar<uint32_t>("general.alignment", 4, 4096);
  gguf.tensor("a", {8}, 0, numbered_bytes(32));
  gguf.tensor("b", {8}, 0, numbered_bytes(32, 9));
  const std::string bytes = gguf.file();
  CHECK(open_bytes(bytes)->find("b")->offset == 8192);
  for (const uint32_t bad : {0u, 4u, 12u, 1u << 31}) {
    GgufBuilder other;
    other.scalar<uint32_t>("general.alignment", 4, bad);
    CHECK(mentions(refused(other), "general.alignment"));
  }
  GgufBuilder crooked;
  crooked.info("a", {1}, 0, 16);
  crooked.data.resize(64);
  CHECK(mentions(refused(crooked), "not a multiple of 32"));
}

TEST_CASE("counts, lengths and shapes of 2^63 are refused without allocating") {
  for (const uint64_t huge : {uint64_t{1} << 63, UINT64_MAX, uint64_t{1} << 62, uint64_t{1} << 40}) {
    CAPTURE(huge);
    GgufBuilder entries = small_gguf();
    entries.num_entries = huge;
    refused(entries);
    GgufBuilder tensors = small_gguf();
    tensors.num_tensors = huge;
    refused(tensors);
    for (const uint32_t type : {0u, 4u, 7u, 8u, 9u, 12u}) {
      GgufBuilder array;
      std::string head;
      put(head, type);
      put(head, huge);
      array.raw_entry("array", 9, head + std::string(100, '\0'));
      refused(array);
    }
    GgufBuilder string;
    std::string length;
    put(length, huge);
    string.raw_entry("string", 8, length + "text");
    refused(string);
    for (const std::vector<uint64_t>& ne : {std::vector<uint64_t>{huge}, {32, huge}, {1, 1, 1, huge}, {huge, huge},
                                            {uint64_t{1} << 32, uint64_t{1} << 32, huge, huge}}) {
      GgufBuilder shape;
      shape.info("vast", ne, 0, 0);
      shape.data.resize(64);
      CHECK(mentions(refused(shape), "\"vast\""));
    }
    GgufBuilder offset;
    offset.info("far", {8}, 0, huge & ~uint64_t{31});
    offset.data.resize(64);
    CHECK(mentions(refused(offset), "\"far\""));
  }
}

TEST_CASE("tables that contradict themselves are refused with the tensor or key") {
  GgufBuilder same_key = small_gguf();
  same_key.scalar<uint32_t>("llama.block_count", 4, 3);
  CHECK(mentions(refused(same_key), "\"llama.block_count\" appears twice"));

  GgufBuilder same_name = small_gguf();
  same_name.tensor("output_norm.weight", {8}, 0, numbered_bytes(32));
  CHECK(mentions(refused(same_name), "\"output_norm.weight\": the name appears twice"));

  GgufBuilder overlap = small_gguf();
  overlap.info("twin", {32}, 0, 32);
  CHECK(mentions(refused(overlap), "overlap"));

  GgufBuilder zero;
  zero.info("zero", {32, 0}, 0, 0);
  CHECK(mentions(refused(zero), "dimension 1 is 0"));

  GgufBuilder deep;
  deep.info("deep", {1, 1, 1, 1, 1}, 0, 0);
  CHECK(mentions(refused(deep), "at most 4 dimensions"));

  GgufBuilder ragged;
  ragged.info("ragged", {33}, 8, 0);
  ragged.data.resize(128);
  CHECK(mentions(refused(ragged), "rows of 33 values"));

  GgufBuilder beyond;
  beyond.info("beyond", {32}, 0, 0);
  beyond.data.resize(127);
  CHECK(mentions(refused(beyond), "leave the file"));

  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("\xC0\xAF"), std::string("\xED\xA0\x80"),
                                 std::string("caf\xE9")}) {
    GgufBuilder name;
    name.info(bad, {1}, 0, 0);
    name.data.resize(32);
    CHECK(mentions(refused(name), "the name of tensor 0"));
  }
  GgufBuilder key;
  key.scalar<uint8_t>("k\xFF", 0, 1);
  CHECK(mentions(refused(key), "the key of metadata entry 0"));

  GgufBuilder type;
  type.scalar<uint32_t>("strange", 13, 1);
  CHECK(mentions(refused(type), "found 13"));

  GgufBuilder truth;
  truth.scalar<uint8_t>("truth", 7, 2);
  CHECK(mentions(refused(truth), "0 or 1, found 2"));
}

TEST_CASE("a tensor without dimensions is one value") {
  GgufBuilder gguf;
  gguf.tensor("scalar", {}, 0, numbered_bytes(4));
  const std::string bytes = gguf.file();
  const auto file = open_bytes(bytes);
  CHECK(file->tensors[0].shape.empty());
  CHECK(file->tensors[0].bytes == 4);
}

TEST_CASE("arrays of arrays are passed over, but only four deep") {
  const auto nested = [](int depth) {
    std::string inner;
    put<uint32_t>(inner, 0);
    put<uint64_t>(inner, 2);
    inner += "ab";
    for (int i = 1; i < depth; ++i) {
      std::string outer;
      put<uint32_t>(outer, 9);
      put<uint64_t>(outer, 1);
      inner = outer + inner;
    }
    GgufBuilder gguf;
    gguf.raw_entry("nested", 9, inner);
    gguf.scalar<uint32_t>("after", 4, 7);
    return gguf;
  };
  for (int depth : {2, 3, 4}) {
    const std::string bytes = nested(depth).file();
    CHECK(open_bytes(bytes)->metadata.integer("after") == 7);
  }
  CHECK(mentions(refused(nested(5)), "nested deeper"));
  refused(nested(5000));
}

TEST_CASE("a split model opens from any of its parts") {
  auto host = std::make_shared<MemoryHost>();
  const auto part = [](uint16_t number, uint16_t count, int32_t tensors) {
    GgufBuilder gguf;
    if (number == 0) gguf.string("general.architecture", "llama");
    gguf.scalar<uint16_t>("split.no", 2, number);
    gguf.scalar<uint16_t>("split.count", 2, count);
    gguf.scalar<int32_t>("split.tensors.count", 5, tensors);
    gguf.tensor("t" + std::to_string(number), {8}, 0, numbered_bytes(32, number));
    return gguf.file();
  };
  const std::string names[] = {"m/x-00001-of-00003.gguf", "m/x-00002-of-00003.gguf", "m/x-00003-of-00003.gguf"};
  for (uint16_t i = 0; i < 3; ++i) host->files[names[i]] = part(i, 3, 3);
  for (const std::string& name : names) {
    const auto file = open_checkpoint(host, name);
    CHECK(file->metadata.string("general.architecture") == "llama");
    REQUIRE(file->tensors.size() == 3);
    for (int i = 0; i < 3; ++i) {
      CHECK(file->tensors[size_t(i)].file == i);
      CHECK(std::memcmp(file->tensors[size_t(i)].data, numbered_bytes(32, unsigned(i)).data(), 32) == 0);
    }
  }
  SUBCASE("a part that is missing is named") {
    host->files.erase(names[1]);
    CHECK(mentions(sentence_of(Status::not_found, [&] { open_checkpoint(host, names[0]); }), names[1]));
  }
  SUBCASE("a part in the wrong place is named") {
    std::swap(host->files[names[1]], host->files[names[2]]);
    CHECK(mentions(sentence_of(Status::corrupt, [&] { open_checkpoint(host, names[0]); }), "expected part 2 of 3, found part 3"));
  }
  SUBCASE("tensors that are missing are counted") {
    host->files[names[0]] = part(0, 3, 4);
    CHECK(mentions(sentence_of(Status::corrupt, [&] { open_checkpoint(host, names[0]); }), "expected 4 tensors"));
  }
  SUBCASE("the same tensor in two parts is refused") {
    GgufBuilder twin;
    twin.scalar<uint16_t>("split.no", 2, 2);
    twin.scalar<uint16_t>("split.count", 2, 3);
    twin.tensor("t0", {8}, 0, numbered_bytes(32));
    host->files[names[2]] = twin.file();
    CHECK(mentions(sentence_of(Status::corrupt, [&] { open_checkpoint(host, names[0]); }), "\"t0\""));
  }
  SUBCASE("a renamed part says which name it needs") {
    host->files["m/y.gguf"] = host->files[names[1]];
    CHECK(mentions(sentence_of(Status::not_found, [&] { open_checkpoint(host, "m/y.gguf"); }), "-00002-of-00003.gguf"));
  }
  SUBCASE("a part given as bytes is refused") {
    const std::string bytes = host->files[names[0]];
    CHECK(mentions(sentence_of(Status::unsupported, [&] { open_bytes(bytes); }), "part 1 of 3"));
  }
  CHECK(host->open_files == 0);
}
