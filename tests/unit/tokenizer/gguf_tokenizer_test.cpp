// What only GGUF files have: SentencePiece scores, settings as keys, a pre-tokeniser by name or by guess.
#include <algorithm>

#include <doctest/doctest.h>

#include "core/status.hpp"
#include "golden_cases.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

MetadataBuilder small_gguf(const std::string& pre) {
  return gguf_of(parse_json(read_file(golden_path("small/" + pre + ".json")), pre), pre);
}

MetadataBuilder sentencepiece_gguf() {
  const Json file = parse_json(read_file(golden_path("small/sentencepiece.json")), "sentencepiece.json");
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<int64_t> types;
  for (const Json& token : *file.find("tokens")->as_array()) tokens.push_back(*token.as_string());
  for (const Json& score : *file.find("scores")->as_array())
    scores.push_back(static_cast<float>(score.as_double() ? *score.as_double()
                                                          : static_cast<double>(*score.as_integer())));
  for (const Json& type : *file.find("types")->as_array()) types.push_back(*type.as_integer());
  MetadataBuilder out;
  out.set_text("tokenizer.ggml.model", "llama").set_texts("tokenizer.ggml.tokens", tokens);
  out.set("tokenizer.ggml.scores", scores).set("tokenizer.ggml.token_type", types);
  return out;
}

Status status_of(const MetadataBuilder& metadata) {
  try {
    metadata.load();
  } catch (const Error& error) {
    return error.status();
  }
  return Status::ok;
}

}  // namespace

TEST_CASE("a SentencePiece vocabulary gives the ids and texts of the sentencepiece library") {
  const auto tokenizer = sentencepiece_gguf().load();
  const Cases cases = read_cases("small/sentencepiece.cases.json");
  REQUIRE(cases.encode.size() > 100);
  CHECK(tokenizer->pre_tokenizer() == "sentencepiece");
  CHECK(tokenizer->drops_first_space());
  CHECK(tokenizer->add_bos);
  for (const EncodeCase& c : cases.encode) {
    CAPTURE(c.text);
    CHECK(encode(*tokenizer, c.text) == c.special);
    CHECK(decode(*tokenizer, c.special, false) == c.decoded);
  }
}

TEST_CASE("SentencePiece puts its space before every fragment, and only if asked") {
  MetadataBuilder metadata = sentencepiece_gguf();
  const auto with = metadata.load();
  const auto ids = encode(*with, "a<s>a");
  CHECK(ids == std::vector<int32_t>{encode(*with, "a")[0], *with->id_of("<s>"), encode(*with, "a")[0]});
  CHECK(decode(*with, encode(*with, "a b"), false) == "a b");
  const auto without = metadata.set("tokenizer.ggml.add_space_prefix", false).load();
  CHECK(!without->drops_first_space());
  CHECK(encode(*without, " a") == encode(*with, "a"));
  CHECK(decode(*without, encode(*without, " a b"), false) == " a b");
}

TEST_CASE("SentencePiece text does not turn into control tokens") {
  const auto tokenizer = sentencepiece_gguf().load();
  const int32_t s = *tokenizer->id_of("<s>");
  const auto ids = encode(*tokenizer, "<s>", false);
  CHECK(std::find(ids.begin(), ids.end(), s) == ids.end());
  CHECK(decode(*tokenizer, ids, false) == "<s>");
}

TEST_CASE("ids and settings come from the GGUF keys") {
  MetadataBuilder metadata = small_gguf("deepseek-v3");
  metadata.set("tokenizer.ggml.bos_token_id", int64_t{700}).set("tokenizer.ggml.eos_token_id", int64_t{701});
  metadata.set("tokenizer.ggml.eot_token_id", int64_t{702}).set("tokenizer.ggml.eom_token_id", int64_t{701});
  metadata.set("tokenizer.ggml.padding_token_id", int64_t{701});
  const auto plain = metadata.load();
  CHECK(plain->bos == 700);
  CHECK(plain->eos == 701);
  CHECK(plain->padding == 701);
  CHECK(!plain->unknown);
  CHECK(plain->end_of_turn == std::vector<int32_t>{701, 702});
  CHECK(!plain->add_bos);
  CHECK(!plain->add_eos);
  CHECK(plain->is_special(700));
  CHECK(plain->is_added(702));
  CHECK(!plain->is_special(702));
  CHECK(!plain->is_added(5));
  metadata.set("tokenizer.ggml.add_bos_token", true).set("tokenizer.ggml.add_eos_token", true);
  const auto asked = metadata.load();
  CHECK(asked->add_bos);
  CHECK(asked->add_eos);
}

TEST_CASE("a Llama 3 vocabulary begins raw text with bos unless its key says otherwise") {
  MetadataBuilder metadata = small_gguf("llama-bpe");
  CHECK(metadata.load()->add_bos);
  CHECK(!metadata.set("tokenizer.ggml.add_bos_token", false).load()->add_bos);
}

TEST_CASE("a DeepSeek file without the name of its pre-tokenizer is recognised") {
  MetadataBuilder metadata = small_gguf("deepseek-coder");
  metadata.set_text("tokenizer.ggml.pre", "default");
  CHECK(metadata.load()->pre_tokenizer() == "deepseek-coder");
}

TEST_CASE("other names for the same pre-tokenizer are known") {
  MetadataBuilder metadata = small_gguf("qwen2");
  for (const auto& [name, means] : {std::pair{"deepseek-r1-qwen", "qwen2"}, {"joyai-llm", "deepseek-v3"},
                                    {"starcoder", "smollm"}, {"command-r", "smollm"}, {"llama-v3", "llama-bpe"}})
    CHECK(metadata.set_text("tokenizer.ggml.pre", name).load()->pre_tokenizer() == means);
}

TEST_CASE("what GGUF cannot tell is refused by name") {
  MetadataBuilder metadata = small_gguf("smollm");
  CHECK(status_of(metadata.set_text("tokenizer.ggml.pre", "viking")) == Status::unsupported);
  CHECK(status_of(metadata.set_text("tokenizer.ggml.pre", "default")) == Status::unsupported);
  CHECK(status_of(metadata.set_text("tokenizer.ggml.model", "rwkv")) == Status::unsupported);
  CHECK(status_of(MetadataBuilder()) == Status::not_found);
}

TEST_CASE("unused tokens have no text") {
  const Json file = parse_json(read_file(golden_path("small/smollm.json")), "smollm.json");
  MetadataBuilder metadata = gguf_of(file, "smollm");
  const int32_t last = metadata.load()->size() - 1;
  std::vector<int64_t> types(static_cast<size_t>(last) + 1, 1);
  types.back() = 5;
  const auto tokenizer = metadata.set("tokenizer.ggml.token_type", types).load();
  std::string out;
  tokenizer->append_bytes(last, out);
  tokenizer->append_bytes(last + 1, out);
  tokenizer->append_bytes(-1, out);
  CHECK(out.empty());
  CHECK(!tokenizer->piece(last).empty());
}
