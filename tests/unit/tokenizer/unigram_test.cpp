// Unigram vocabularies of XLM-RoBERTa's kind against ids recorded from the tokenizers library by recipes/unigram.py.
#include <doctest/doctest.h>

#include "core/status.hpp"
#include "golden_cases.hpp"
#include "tokenizer/charsmap.hpp"
#include "unit/embed_texts.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

const std::string& recorded() {
  static const std::string text = read_golden("unigram.json");
  return text;
}

// The tokenizer's own text out of the recording.
std::string tokenizer_text() {
  const size_t begin = recorded().find(':') + 1;
  return recorded().substr(begin, recorded().find(",\n\"cases\"") - begin);
}

void check(const Tokenizer& tokenizer) {
  const Json file = parse_json(recorded(), "unigram.json");
  for (const Json& c : *file.find("cases")->as_array()) {
    const std::string& text = *(*c.as_array())[0].as_string();
    CAPTURE(text);
    CHECK(encode(tokenizer, text, false) == ids_of((*c.as_array())[1]));
  }
}

}  // namespace

TEST_CASE("unigram from tokenizer.json gives the library's ids") { check(*tokenizer_from_json(tokenizer_text())); }

TEST_CASE("unigram from GGUF gives the same ids") {
  const Json file = parse_json(tokenizer_text(), "tokenizer.json");
  const Json& model = *file.find("model");
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<int64_t> types, map;
  for (const Json& entry : *model.find("vocab")->as_array()) {
    const Json& score = (*entry.as_array())[1];
    tokens.push_back(*(*entry.as_array())[0].as_string());
    scores.push_back(float(score.as_double() ? *score.as_double() : double(*score.as_integer())));
    types.push_back(tokens.size() == 4 ? 2 : tokens.size() < 4 ? 3 : 1);
  }
  for (const char c : from_base64(*file.find("normalizer")->find("precompiled_charsmap")->as_string(), "map"))
    map.push_back(static_cast<unsigned char>(c));
  MetadataBuilder gguf;
  gguf.set_text("tokenizer.ggml.model", "t5").set_texts("tokenizer.ggml.tokens", tokens);
  gguf.set("tokenizer.ggml.scores", scores).set("tokenizer.ggml.token_type", types);
  gguf.set("tokenizer.ggml.precompiled_charsmap", map);
  gguf.set("tokenizer.ggml.bos_token_id", int64_t(0)).set("tokenizer.ggml.eos_token_id", int64_t(2));
  gguf.set("tokenizer.ggml.unknown_token_id", int64_t(3));
  const auto tokenizer = gguf.load();
  check(*tokenizer);
  CHECK(tokenizer->add_bos);
  CHECK(tokenizer->add_eos);
  CHECK(tokenizer->pair_separators == 2);
}

TEST_CASE("a character map that contradicts itself is refused or does nothing, and never reads beyond itself") {
  CHECK_THROWS_AS(Charsmap::parse("abc"), Error);
  CHECK_THROWS_AS(Charsmap::parse(std::string("\xFF\xFF\xFF\xFF", 4)), Error);
  CHECK_THROWS_AS(from_base64("a?", "map"), Error);
  const Json file = parse_json(tokenizer_text(), "tokenizer.json");
  const std::string map = from_base64(*file.find("normalizer")->find("precompiled_charsmap")->as_string(), "map");
  const std::vector<std::string> texts = mixed_texts(20);
  for (uint64_t round = 0; round < 300; ++round) {
    Numbers draw(round);
    std::string broken = map;
    for (int i = 0; i < 8; ++i) broken[4 + draw.below(broken.size() - 4)] = char(draw.below(256));
    try {
      const Charsmap parsed = Charsmap::parse(broken);
      for (const std::string& text : texts) {
        std::string out;
        parsed.append(text, out);
        CHECK(find_invalid_utf8(out) == std::string_view::npos);
      }
    } catch (const Error& error) {
      CHECK(error.status() == Status::corrupt);
    }
  }
}
