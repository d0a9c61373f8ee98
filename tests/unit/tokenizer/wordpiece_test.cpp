// WordPiece against ids recorded from the tokenizers library by recipes/wordpiece_small.py and wordpiece.py.
#include <sstream>

#include <doctest/doctest.h>

#include "core/status.hpp"
#include "golden_cases.hpp"
#include "unit/embed_texts.hpp"
#include "unit/models/default_model.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

const Json& small() {
  static const Json file = parse_json(read_golden("wordpiece_small.json"), "wordpiece_small.json");
  return file;
}

std::vector<std::string> small_vocabulary() {
  std::vector<std::string> out;
  for (const Json& piece : *small().find("vocab")->as_array()) out.push_back(*piece.as_string());
  return out;
}

std::string escaped(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::unique_ptr<Tokenizer> small_json(const char* lowercase) {
  std::string vocab, added;
  int id = 0;
  for (const std::string& piece : small_vocabulary()) {
    vocab += (vocab.empty() ? "" : ",") + escaped(piece) + ":" + std::to_string(id);
    if (id < 5)
      added += std::string(id ? "," : "") + R"({"id":)" + std::to_string(id) + R"(,"content":)" + escaped(piece) +
               R"(,"special":true,"normalized":false})";
    ++id;
  }
  return tokenizer_from_json(
      R"({"added_tokens":[)" + added + R"(],"normalizer":{"type":"BertNormalizer","clean_text":true,)"
      R"("handle_chinese_chars":true,"strip_accents":null,"lowercase":)" + std::string(lowercase) +
      R"(},"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",3],)"
      R"("cls":["[CLS]",2]},"truncation":{"max_length":8},"padding":{"strategy":{"Fixed":16}},)"
      R"("model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",)"
      R"("max_input_chars_per_word":100,"vocab":{)" + vocab + "}}}");
}

std::unique_ptr<Tokenizer> small_vocab_txt(std::string config, const char* line_end = "\n") {
  Checkpoint checkpoint;
  checkpoint.container = Checkpoint::Container::safetensors;
  for (const std::string& piece : small_vocabulary()) checkpoint.vocab_txt += piece + line_end;
  checkpoint.tokenizer_config_json = std::move(config);
  return load_tokenizer(checkpoint);
}

// As converters write it: ▁ before what begins a word, nothing before what goes on.
MetadataBuilder gguf_form(const std::vector<std::string>& vocabulary) {
  std::vector<std::string> tokens;
  std::vector<int64_t> types;
  for (const std::string& piece : vocabulary) {
    const bool control = piece.size() > 2 && piece.front() == '[' && piece.back() == ']';
    tokens.push_back(control ? piece : piece.starts_with("##") ? piece.substr(2) : "\u2581" + piece);
    types.push_back(control ? 3 : 1);
  }
  MetadataBuilder out;
  out.set_text("tokenizer.ggml.model", "bert").set_texts("tokenizer.ggml.tokens", tokens);
  out.set("tokenizer.ggml.token_type", types);
  return out;
}

// kind: "uncased", "cased" or "special"
void check_small(const Tokenizer& tokenizer, const char* kind) {
  for (const Json& c : *small().find("cases")->as_array()) {
    const std::string& text = *c.find("text")->as_string();
    CAPTURE(escaped(text));
    CHECK(encode(tokenizer, text, std::string_view(kind) == "special") == ids_of(*c.find(kind)));
  }
}

uint64_t fnv(const std::vector<int32_t>& ids) {
  uint64_t state = 0xCBF29CE484222325u;
  for (const int32_t id : ids)
    for (int byte = 0; byte < 4; ++byte) state = (state ^ (uint32_t(id) >> 8 * byte & 255)) * 0x100000001B3u;
  return state;
}

void check_20000(const Tokenizer& tokenizer) {
  const std::vector<std::string> texts = mixed_texts(20000);
  std::istringstream recorded(read_golden("wordpiece.txt"));
  for (size_t at = 0; at < texts.size(); at += 500) {
    std::vector<int32_t> ids;
    for (size_t i = at; i < at + 500; ++i) {
      tokenizer.encode(texts[i], true, ids);
      ids.push_back(-1);
    }
    size_t count = 0;
    uint64_t hash = 0;
    recorded >> std::dec >> count >> std::hex >> hash;
    CAPTURE(at);
    CHECK(ids.size() == count);
    CHECK(fnv(ids) == hash);
  }
}

}  // namespace

TEST_CASE("WordPiece from tokenizer.json, cased and uncased, gives the library's ids") {
  check_small(*small_json("true"), "uncased");
  check_small(*small_json("false"), "cased");
  check_small(*small_json("true"), "special");
}

TEST_CASE("WordPiece from vocab.txt gives the same ids, with either line end") {
  check_small(*small_vocab_txt("{}"), "uncased");
  check_small(*small_vocab_txt(R"({"do_lower_case":false})", "\r\n"), "cased");
}

TEST_CASE("WordPiece in GGUF's phantom-space form gives the same ids") {
  check_small(*gguf_form(small_vocabulary()).load(), "cased");
}

TEST_CASE("a BERT tokenizer knows what stands around one text and between two") {
  for (const auto& tokenizer : {small_json("true"), small_vocab_txt("{}"), gguf_form(small_vocabulary()).load()}) {
    CHECK(tokenizer->bos == 2);
    CHECK(tokenizer->eos == 3);
    CHECK(tokenizer->add_bos);
    CHECK(tokenizer->add_eos);
    CHECK(tokenizer->pair_separators == 1);
    CHECK(tokenizer->second_type == 1);
    CHECK(tokenizer->is_special(2));
    CHECK(tokenizer->unknown == 1);
  }
}

TEST_CASE("WordPiece ids become readable text again") {
  const auto tokenizer = small_json("true");
  CHECK(decode(*tokenizer, encode(*tokenizer, "The tenant", false), false) == "the tenant");
  const auto gguf = gguf_form(small_vocabulary()).load();
  CHECK(decode(*gguf, encode(*gguf, "The tenant", false), false) == "The tenant");
}

TEST_CASE("a vocabulary without the tokens it needs is refused") {
  Checkpoint checkpoint;
  checkpoint.container = Checkpoint::Container::safetensors;
  checkpoint.vocab_txt = "a\nb\n";
  CHECK_THROWS_AS(load_tokenizer(checkpoint), Error);
  checkpoint.vocab_txt = "[UNK]\n[CLS]\n[SEP]\n\xFF\n";
  CHECK_THROWS_AS(load_tokenizer(checkpoint), Error);
  CHECK_THROWS_AS(gguf_form({"a"}).load(), Error);
}

TEST_CASE("the default embedding model's vocabulary gives the library's ids on 20,000 texts") {
  const auto folder = default_embedder();
  if (!folder) {
    MESSAGE("skipped: no default embedding model; set HADAL_TEST_EMBEDDER");
    return;
  }
  const std::string json = read_file(*folder + "/tokenizer.json");
  SUBCASE("tokenizer.json") { check_20000(*tokenizer_from_json(json)); }
  SUBCASE("GGUF's form of it") {
    const Json file = parse_json(json, "tokenizer.json");
    const auto& vocab = *file.find("model")->find("vocab")->as_object();
    std::vector<std::string> pieces(vocab.size());
    for (const auto& [text, id] : vocab) pieces[size_t(*id.as_integer())] = text;
    check_20000(*gguf_form(pieces).load());
  }
}
