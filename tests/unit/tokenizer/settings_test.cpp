// What tokenizer_config.json, generation_config.json, config.json and the post-processor say about ids.
#include <doctest/doctest.h>

#include "core/status.hpp"
#include "golden_cases.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

Checkpoint checkpoint_of(const std::string& kind) {
  Checkpoint out;
  out.container = Checkpoint::Container::safetensors;
  out.tokenizer_json = read_file(golden_path("small/" + kind + ".json"));
  return out;
}

constexpr const char* kBegin = "<｜begin▁of▁sentence｜>";
constexpr const char* kEnd = "<｜end▁of▁sentence｜>";

}  // namespace

TEST_CASE("a template post-processor asks for a begin token") {
  const auto tokenizer = load_tokenizer(checkpoint_of("llama-bpe"));
  CHECK(tokenizer->add_bos);
  CHECK(tokenizer->bos == tokenizer->id_of("<|begin_of_text|>"));
  CHECK(!tokenizer->add_eos);
}

TEST_CASE("tokenizer_config.json names the tokens and decides about bos") {
  Checkpoint checkpoint = checkpoint_of("deepseek-v3");
  CHECK(!load_tokenizer(checkpoint)->add_bos);
  checkpoint.tokenizer_config_json = R"({"add_bos_token": true, "add_eos_token": false,
    "bos_token": {"__type": "AddedToken", "content": "<｜begin▁of▁sentence｜>"},
    "eos_token": "<｜end▁of▁sentence｜>", "pad_token": {"content": "<｜end▁of▁sentence｜>"}, "unk_token": null})";
  const auto tokenizer = load_tokenizer(checkpoint);
  CHECK(tokenizer->add_bos);
  CHECK(!tokenizer->add_eos);
  CHECK(tokenizer->bos == tokenizer->id_of(kBegin));
  CHECK(tokenizer->eos == tokenizer->id_of(kEnd));
  CHECK(tokenizer->padding == tokenizer->eos);
  CHECK(!tokenizer->unknown);
  CHECK(tokenizer->end_of_turn == std::vector<int32_t>{*tokenizer->eos, *tokenizer->id_of("<｜User｜>")});
}

TEST_CASE("add_bos_token of tokenizer_config.json outweighs the post-processor") {
  Checkpoint checkpoint = checkpoint_of("llama-bpe");
  checkpoint.tokenizer_config_json = R"({"add_bos_token": false})";
  CHECK(!load_tokenizer(checkpoint)->add_bos);
}

TEST_CASE("every end of a turn in generation_config.json counts") {
  Checkpoint checkpoint = checkpoint_of("llama-bpe");
  const auto plain = load_tokenizer(checkpoint);
  const int32_t begin = *plain->id_of("<|begin_of_text|>"), end = *plain->id_of("<|eot_id|>");
  checkpoint.generation_config = Json(Json::Object{
      {"eos_token_id", Json(Json::Array{Json(int64_t{end}), Json(int64_t{begin}), Json(int64_t{end})})}});
  const auto tokenizer = load_tokenizer(checkpoint);
  CHECK(tokenizer->eos == end);
  CHECK(tokenizer->end_of_turn == std::vector<int32_t>{end, begin});
}

TEST_CASE("a DeepSeek turn ends at its sentence token, whatever the file declares, and where the user would speak") {
  Checkpoint checkpoint = checkpoint_of("deepseek-v3");
  const auto plain = load_tokenizer(checkpoint);
  const std::vector<int32_t> always{*plain->id_of(kEnd), *plain->id_of("<｜User｜>")};
  CHECK(plain->end_of_turn == always);
  // Coder v1's chats end in a token of their own.
  checkpoint.tokenizer_config_json = R"({"eos_token": "<think>"})";
  const auto tokenizer = load_tokenizer(checkpoint);
  CHECK(tokenizer->end_of_turn == std::vector<int32_t>{*tokenizer->id_of("<think>"), always[0], always[1]});
  CHECK(load_tokenizer(checkpoint_of("qwen2"))->end_of_turn.empty());
}

TEST_CASE("an eos in config.json that is an ordinary token is a leftover and does not end turns") {
  Checkpoint checkpoint = checkpoint_of("deepseek-llm");
  checkpoint.tokenizer_config_json = R"({"eos_token": "<｜end▁of▁sentence｜>"})";
  checkpoint.config = Json(Json::Object{{"bos_token_id", Json(int64_t{1})}, {"eos_token_id", Json(int64_t{2})}});
  const auto tokenizer = load_tokenizer(checkpoint);
  CHECK(tokenizer->end_of_turn.front() == *tokenizer->id_of(kEnd));
  CHECK(!tokenizer->bos);
}

TEST_CASE("pieces, ids and flags can be asked for") {
  const auto tokenizer = load_tokenizer(checkpoint_of("deepseek-v3"));
  const int32_t user = *tokenizer->id_of("<｜User｜>");
  CHECK(tokenizer->piece(user) == "<｜User｜>");
  CHECK(tokenizer->is_added(user));
  CHECK(!tokenizer->is_special(user));
  CHECK(tokenizer->is_special(*tokenizer->id_of(kBegin)));
  CHECK(tokenizer->piece(encode(*tokenizer, " ")[0]) == "Ġ");
  CHECK(!tokenizer->id_of("no such token"));
  CHECK(tokenizer->piece(-1).empty());
  CHECK(tokenizer->piece(tokenizer->size()).empty());
  CHECK(!tokenizer->is_special(tokenizer->size()));
}

TEST_CASE("special texts become tokens only if asked, other added tokens always") {
  const auto tokenizer = load_tokenizer(checkpoint_of("deepseek-v3"));
  const std::string text = std::string(kBegin) + "<think>";
  CHECK(encode(*tokenizer, text, true) ==
        std::vector<int32_t>{*tokenizer->id_of(kBegin), *tokenizer->id_of("<think>")});
  const auto plain = encode(*tokenizer, text, false);
  CHECK(plain.size() > 2);
  CHECK(plain.back() == *tokenizer->id_of("<think>"));
  CHECK(decode(*tokenizer, plain, false) == text);
  CHECK(decode(*tokenizer, encode(*tokenizer, text, true), true) == "<think>");
}
