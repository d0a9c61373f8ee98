// Vocabularies that contradict themselves, and texts chosen to hurt.
#include <chrono>
#include <functional>

#include <doctest/doctest.h>

#include "core/status.hpp"
#include "golden_cases.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

std::string failure(const std::function<void()>& body, Status expected) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(error.status() == expected);
    return error.what();
  }
  return "no error";
}

std::string json_failure(const std::string& text, Status expected) {
  return failure([&] { tokenizer_from_json(text); }, expected);
}

MetadataBuilder bpe(const std::vector<std::string>& tokens, const std::vector<std::string>& merges) {
  MetadataBuilder out;
  out.set_text("tokenizer.ggml.model", "gpt2").set_text("tokenizer.ggml.pre", "gpt-2");
  out.set_texts("tokenizer.ggml.tokens", tokens).set_texts("tokenizer.ggml.merges", merges);
  return out;
}

std::string gguf_failure(const MetadataBuilder& metadata, Status expected = Status::corrupt) {
  return failure([&] { metadata.load(); }, expected);
}

bool mentions(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string model(const std::string& vocab, const std::string& merges, const std::string& more = "") {
  return R"({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "model": {"type": "BPE", "vocab": )" +
         vocab + R"(, "merges": )" + merges + "}" + more + "}";
}

}  // namespace

TEST_CASE("merges of tokens that do not exist are refused by number and name") {
  CHECK(mentions(gguf_failure(bpe({"a", "b"}, {"a b"})), "merge 0: \"ab\" is not in the vocabulary"));
  CHECK(mentions(gguf_failure(bpe({"a", "b", "ab"}, {"a b", "c b"})), "merge 1: \"c\""));
  CHECK(mentions(gguf_failure(bpe({"a", "b", "ab"}, {"ab"})), "entry 0"));
  CHECK(mentions(gguf_failure(bpe({"a", "b", "ab"}, {"a "})), "entry 0"));
  CHECK(mentions(gguf_failure(bpe({"a", "b", "ab"}, {""})), "entry 0"));
  CHECK(mentions(json_failure(model(R"({"a": 0})", R"(["a b"])"), Status::corrupt), "\"b\""));
  CHECK(mentions(json_failure(model(R"({"a": 0, "b": 1})", R"(["a b c"])"), Status::corrupt), "entry 0"));
  CHECK(mentions(json_failure(model(R"({"a": 0})", R"([["a"]])"), Status::corrupt), "entry 0"));
  CHECK(mentions(json_failure(model(R"({"a": 0})", R"([[1, 2]])"), Status::corrupt), "merge 0"));
}

TEST_CASE("ids and lists that do not fit the vocabulary are refused") {
  const auto with = [](const std::string& key, MetadataValue value) {
    MetadataBuilder out = bpe({"a", "b"}, {});
    out.set(key, std::move(value));
    return gguf_failure(out);
  };
  CHECK(mentions(with("tokenizer.ggml.bos_token_id", int64_t{2}), "bos_token_id"));
  CHECK(mentions(with("tokenizer.ggml.eos_token_id", int64_t{-2}), "eos_token_id"));
  CHECK(mentions(with("tokenizer.ggml.token_type", std::vector<int64_t>{1}), "token_type"));
  CHECK(mentions(with("tokenizer.ggml.token_type", std::vector<int64_t>{1, 7}), "token 1"));
  CHECK(mentions(with("tokenizer.ggml.tokens", int64_t{3}), "tokens"));
  CHECK(mentions(gguf_failure(bpe({}, {})), "tokens"));
  CHECK(mentions(gguf_failure(bpe({std::string(70000, 'x')}, {})), "70000 bytes"));
  CHECK(mentions(json_failure(model(R"({"a": -1})", "[]"), Status::corrupt), "\"a\""));
  CHECK(mentions(json_failure(model(R"({"a": 4000000000})", "[]"), Status::corrupt), "\"a\""));
  CHECK(mentions(json_failure(model(R"({"a": 1.5})", "[]"), Status::corrupt), "\"a\""));
  CHECK(mentions(json_failure(model(R"({"a": 0, "b": 0})", "[]"), Status::corrupt), "id 0"));
  CHECK(mentions(json_failure(model("{}", "[]"), Status::corrupt), "empty"));
  CHECK(mentions(json_failure(model(R"({"a": 0})", "[]", R"(, "added_tokens": [{"id": 0, "content": "b"}])"),
                              Status::corrupt), "id 0"));
  CHECK(mentions(json_failure(model(R"({"a": 0})", "[]", R"(, "added_tokens": [{"content": "b"}])"), Status::corrupt),
                 "no id"));
  CHECK(mentions(json_failure(model(R"({"a": 0})", "{}"), Status::corrupt), "merges"));
}

TEST_CASE("tokenizer.json parts that are not known are named") {
  const auto unknown = [](const std::string& stage) {
    return json_failure(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, )" + stage + "}",
                        Status::unsupported);
  };
  CHECK(mentions(unknown(R"("normalizer": {"type": "NFKC"})"), "\"NFKC\""));
  CHECK(mentions(unknown(R"("pre_tokenizer": {"type": "Whitespace"})"), "\"Whitespace\""));
  CHECK(mentions(unknown(R"("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Isolated"})"),
                 "split x+"));
  CHECK(mentions(unknown(R"("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Removed"})"),
                 "Removed"));
  CHECK(mentions(json_failure(R"({"model": {"type": "WordLevel", "vocab": {}}})", Status::unsupported), "WordLevel"));
  CHECK(mentions(json_failure(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [],
                                "continuing_subword_prefix": "##"}})", Status::unsupported), "prefix"));
  json_failure("[]", Status::corrupt);
  json_failure("{", Status::corrupt);
  std::string nested = R"({"type": "NFC"})";
  for (int i = 0; i < 40; ++i) nested = R"({"type": "Sequence", "normalizers": [)" + nested + "]}";
  CHECK(mentions(unknown("\"normalizer\": " + nested), "Sequence"));
}

TEST_CASE("duplicate and empty tokens are harmless") {
  const auto tokenizer = bpe({"a", "a", "", "b", "ab", "ab", ""}, {"a b", "a b", "a b"}).load();
  CHECK(encode(*tokenizer, "abba") == std::vector<int32_t>{4, 3, 0});
  CHECK(tokenizer->size() == 7);
  CHECK(decode(*tokenizer, std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6}, false) == "aababab");
}

TEST_CASE("merges that feed each other end") {
  const auto tokenizer = bpe({"a", "aa", "aaa", "aaaa"}, {"a aa", "aa a", "a a", "aa aa", "aaa a"}).load();
  const auto ids = encode(*tokenizer, std::string(1000, 'a'));
  CHECK(decode(*tokenizer, ids, false) == std::string(1000, 'a'));
}

TEST_CASE("tokens of broken UTF-8 never cut a character and decode to replacement characters") {
  MetadataBuilder metadata = bpe({"a", "\xE2\x82", "\xFF", "<\xE2>"}, {});
  metadata.set("tokenizer.ggml.token_type", std::vector<int64_t>{1, 3, 4, 1});
  const auto tokenizer = metadata.load();
  CHECK(encode(*tokenizer, "a€a") == std::vector<int32_t>{0, 0});
  CHECK(decode(*tokenizer, std::vector<int32_t>{1, 0, 2}, false) == "\xEF\xBF\xBD" "a\xEF\xBF\xBD");
  CHECK(decode(*tokenizer, std::vector<int32_t>{3, 99, -7}, false) == "<\xEF\xBF\xBD>");
}

TEST_CASE("SentencePiece scores must be there and be numbers") {
  const auto with = [](std::vector<float> scores) {
    MetadataBuilder out;
    out.set_text("tokenizer.ggml.model", "llama").set_texts("tokenizer.ggml.tokens", {"<unk>", "a", "aa"});
    out.set("tokenizer.ggml.scores", std::move(scores));
    return gguf_failure(out);
  };
  CHECK(mentions(with({}), "scores"));
  CHECK(mentions(with({0, 1}), "scores"));
  CHECK(mentions(with({0, 1, std::numeric_limits<float>::quiet_NaN()}), "token 2"));
  CHECK(with({0, 1, -3.4e38f}) == "no error");
}

TEST_CASE("invalid UTF-8 is refused with its offset and adds nothing") {
  const auto tokenizer = bpe({"a"}, {}).load();
  std::vector<int32_t> out{7};
  const auto message = failure([&] { tokenizer->encode("aaa\xC3(", true, out); }, Status::invalid_argument);
  CHECK(mentions(message, "offset 3"));
  CHECK(out == std::vector<int32_t>{7});
}

TEST_CASE("a megabyte of one letter takes no more than a moment") {
  const auto tokenizer = tokenizer_from_json(read_file(golden_path("small/smollm.json")));
  const std::string text(1 << 20, 'a');
  const auto start = std::chrono::steady_clock::now();
  const auto ids = encode(*tokenizer, text);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  CHECK(spent.count() < 20);  // a third of a second when the machine is free; hours if quadratic
  CHECK(decode(*tokenizer, ids, false) == text);
}

TEST_CASE("long runs of anything take time in proportion") {
  for (const char* kind : {"gpt2", "qwen2", "llama-bpe", "deepseek-llm", "deepseek-coder", "deepseek-v3", "llama2"}) {
    CAPTURE(kind);
    const auto tokenizer = tokenizer_from_json(read_file(golden_path("small/" + std::string(kind) + ".json")));
    for (const std::string unit : {" ", "\n", "<", "<｜", "\xCC\x81", "1", "▁"}) {
      CAPTURE(unit);
      std::string text;
      while (text.size() < 50000) text += unit;
      const auto start = std::chrono::steady_clock::now();
      CHECK(!encode(*tokenizer, text).empty());
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
      CHECK(spent.count() < 2);  // some 20 ms when linear
    }
  }
}
