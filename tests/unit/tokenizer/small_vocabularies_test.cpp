// Small vocabularies, one per pre-tokeniser, against the recorded ids of the tokenizers library
// (tests/golden/recipes/tokenizer_small.py).
#include <algorithm>

#include <doctest/doctest.h>

#include "golden_cases.hpp"
#include "core/utf8.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

struct Kind {
  const char* file;
  const char* pre_tokenizer;
};

constexpr Kind kByteLevel[] = {{"gpt2", "gpt-2"},
                               {"smollm", "smollm"},
                               {"qwen2", "qwen2"},
                               {"llama-bpe", "llama-bpe"},
                               {"deepseek-llm", "deepseek-llm"},
                               {"deepseek-coder", "deepseek-coder"},
                               {"deepseek-v3", "deepseek-v3"}};
constexpr Kind kCharacters[] = {{"llama2", "words"}, {"mistral", "words"}, {"gemma", "words"}};

std::string json_text(const Kind& kind) { return read_file(golden_path(std::string("small/") + kind.file + ".json")); }
Cases cases_of(const Kind& kind) { return read_cases(std::string("small/") + kind.file + ".cases.json"); }

void check_encoding(const Tokenizer& tokenizer, const Cases& cases) {
  REQUIRE(cases.encode.size() > 100);
  for (const EncodeCase& c : cases.encode) {
    CAPTURE(c.text);
    CHECK(encode(tokenizer, c.text, true) == c.special);
    CHECK(encode(tokenizer, c.text, false) == c.plain);
  }
}

// The thirteen letters that stand for bytes outside UTF-8: the library decodes them to U+FFFD, we to themselves.
bool decodes_like_the_library(const Kind& kind, const std::string& text) {
  if (std::string_view(kind.file) != "deepseek-llm") return true;
  for (const char* letter : {"ø", "ö", "ú", "ü"})
    if (text.find(letter) != std::string::npos) return false;
  return true;
}

}  // namespace

TEST_CASE("a small byte-level vocabulary of every pre-tokenizer gives the ids of the tokenizers library") {
  for (const Kind& kind : kByteLevel) {
    CAPTURE(kind.file);
    const auto tokenizer = tokenizer_from_json(json_text(kind));
    CHECK(tokenizer->pre_tokenizer() == kind.pre_tokenizer);
    check_encoding(*tokenizer, cases_of(kind));
  }
}

TEST_CASE("the same vocabularies as GGUF keys give the same ids") {
  for (const Kind& kind : kByteLevel) {
    if (std::string_view(kind.file) == "gpt2") continue;  // its added tokens have flags that GGUF cannot hold
    CAPTURE(kind.file);
    const Json file = parse_json(json_text(kind), kind.file);
    MetadataBuilder metadata = gguf_of(file, kind.pre_tokenizer);
    const auto tokenizer = metadata.load();
    CHECK(tokenizer->pre_tokenizer() == kind.pre_tokenizer);
    check_encoding(*tokenizer, cases_of(kind));
  }
}

TEST_CASE("character vocabularies in the style of Llama 2, Mistral and Gemma give the ids of the tokenizers library") {
  for (const Kind& kind : kCharacters) {
    CAPTURE(kind.file);
    const auto tokenizer = tokenizer_from_json(json_text(kind));
    CHECK(tokenizer->pre_tokenizer() == kind.pre_tokenizer);
    check_encoding(*tokenizer, cases_of(kind));
  }
}

TEST_CASE("decoding gives the text of the tokenizers library") {
  for (const Kind& kind : kByteLevel) {
    CAPTURE(kind.file);
    const auto tokenizer = tokenizer_from_json(json_text(kind));
    const Cases cases = cases_of(kind);
    for (const EncodeCase& c : cases.encode)
      if (decodes_like_the_library(kind, c.text)) CHECK(decode(*tokenizer, c.special, false) == c.decoded);
    for (const DecodeCase& c : cases.decode) {
      CAPTURE(c.text);
      CHECK(decode(*tokenizer, c.ids, false) == c.text);
    }
  }
  for (const Kind& kind : kCharacters) {
    CAPTURE(kind.file);
    const auto tokenizer = tokenizer_from_json(json_text(kind));
    for (const EncodeCase& c : cases_of(kind).encode) {
      CAPTURE(c.text);
      CHECK(decode(*tokenizer, c.special, false) == c.decoded);
    }
  }
}

TEST_CASE("text comes back exactly where every byte is in the vocabulary") {
  for (const char* file : {"llama-bpe", "deepseek-llm", "deepseek-coder", "deepseek-v3"}) {
    CAPTURE(file);
    const Kind kind{file, ""};
    const auto tokenizer = tokenizer_from_json(json_text(kind));
    for (const EncodeCase& c : cases_of(kind).encode) {
      CHECK(decode(*tokenizer, c.special, false) == c.text);
      CHECK(decode(*tokenizer, c.plain, false) == c.text);
    }
  }
}

TEST_CASE("a stream gives the whole text and never half a character") {
  for (const Kind& kind : kByteLevel) {
    CAPTURE(kind.file);
    const auto tokenizer = tokenizer_from_json(json_text(kind));
    const Cases cases = cases_of(kind);
    std::vector<std::vector<int32_t>> streams;
    for (const EncodeCase& c : cases.encode) streams.push_back(c.special);
    for (const DecodeCase& c : cases.decode) streams.push_back(c.ids);
    for (const auto& ids : streams) {
      StreamDecoder decoder(*tokenizer);
      std::string all;
      for (const int32_t id : ids) {
        std::string piece;
        decoder.push(id, piece);
        CHECK(find_invalid_utf8(piece) == std::string::npos);
        all += piece;
      }
      decoder.finish(all);
      CHECK(all == decode(*tokenizer, ids, false));
    }
  }
}

TEST_CASE("a letter that stands for a byte outside UTF-8 decodes to itself") {
  const auto tokenizer = tokenizer_from_json(json_text({"deepseek-llm", ""}));
  const auto ids = encode(*tokenizer, "für");
  CHECK(std::find(ids.begin(), ids.end(), tokenizer->id_of("ü")) != ids.end());
  CHECK(decode(*tokenizer, ids, false) == "für");
}

TEST_CASE("bytes that the vocabulary lacks are dropped") {
  const auto tokenizer = tokenizer_from_json(json_text({"smollm", ""}));
  CHECK(encode(*tokenizer, "a\x04\x06z") == encode(*tokenizer, "az"));
  CHECK(decode(*tokenizer, encode(*tokenizer, "x\x13y\x1D"), false) == "xy");
}
