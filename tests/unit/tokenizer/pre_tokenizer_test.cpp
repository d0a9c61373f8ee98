// The pieces of each chain, on texts where its alternatives meet; the ids of whole tokenizers are checked elsewhere.
#include <chrono>
#include <random>

#include <doctest/doctest.h>

#include "tokenizer/pre_tokenizer.hpp"
#include "core/utf8.hpp"

using namespace hadal;

namespace {

using Pieces = std::vector<std::string>;

constexpr PreTokenizer kAll[] = {PreTokenizer::none,          PreTokenizer::words,        PreTokenizer::gpt2,
                                 PreTokenizer::smollm,        PreTokenizer::qwen2,        PreTokenizer::llama_bpe,
                                 PreTokenizer::deepseek_llm,  PreTokenizer::deepseek_coder, PreTokenizer::deepseek_v3};

Pieces pieces(PreTokenizer kind, std::string_view text) {
  Pieces out;
  pre_tokenize(kind, text, [&](std::string_view piece) { out.emplace_back(piece); });
  return out;
}

}  // namespace

TEST_CASE("the last space of a run joins the next piece where a rule allows it") {
  CHECK(pieces(PreTokenizer::gpt2, "a   b") == Pieces{"a", "  ", " b"});
  CHECK(pieces(PreTokenizer::gpt2, "a \n\n b  ") == Pieces{"a", " \n\n", " b", "  "});
  CHECK(pieces(PreTokenizer::qwen2, "a   b\t\tc") == Pieces{"a", "  ", " b", "\t", "\tc"});
  CHECK(pieces(PreTokenizer::qwen2, "a \r\n  b") == Pieces{"a", " \r\n", " ", " b"});
  CHECK(pieces(PreTokenizer::qwen2, "a \r\n  1") == Pieces{"a", " \r\n", " ", " ", "1"});
  CHECK(pieces(PreTokenizer::deepseek_v3, "a   =1") == Pieces{"a", "  ", " =", "1"});
  CHECK(pieces(PreTokenizer::deepseek_v3, "!\n\n x") == Pieces{"!\n\n", " x"});
}

TEST_CASE("numbers are cut as each family wants them") {
  CHECK(pieces(PreTokenizer::gpt2, " 12345") == Pieces{" 12345"});
  CHECK(pieces(PreTokenizer::smollm, " 123") == Pieces{" ", "1", "2", "3"});
  CHECK(pieces(PreTokenizer::qwen2, "1234") == Pieces{"1", "2", "3", "4"});
  CHECK(pieces(PreTokenizer::llama_bpe, "1234567") == Pieces{"123", "456", "7"});
  CHECK(pieces(PreTokenizer::deepseek_v3, "2026") == Pieces{"202", "6"});
  CHECK(pieces(PreTokenizer::deepseek_llm, "a12") == Pieces{"a", "1", "2"});
  CHECK(pieces(PreTokenizer::deepseek_coder, "x½") == Pieces{"x", "½"});
}

TEST_CASE("contractions know case where the expression ignores it, and the long s") {
  CHECK(pieces(PreTokenizer::gpt2, "I'll'S") == Pieces{"I", "'ll", "'", "S"});
  CHECK(pieces(PreTokenizer::qwen2, "I'LL'S'ſ") == Pieces{"I", "'LL", "'S", "'ſ"});
  CHECK(pieces(PreTokenizer::qwen2, "'sa'x'r") == Pieces{"'s", "a", "'x", "'r"});
}

TEST_CASE("deepseek-v3 takes punctuation before ASCII letters with them") {
  CHECK(pieces(PreTokenizer::deepseek_v3, "x.foo_bar") == Pieces{"x", ".foo", "_bar"});
  CHECK(pieces(PreTokenizer::deepseek_v3, "漢字カ・タabc") == Pieces{"漢字カ", "・", "タ", "abc"});
  CHECK(pieces(PreTokenizer::deepseek_v3, "a\x01\x02" "b") == Pieces{"a", "\x01", "\x02" "b"});
}

TEST_CASE("deepseek-llm cuts by its own letters, lines and final spaces") {
  CHECK(pieces(PreTokenizer::deepseek_llm, "ab\n\ncd ef  ") == Pieces{"ab", "\n", "\n", "cd", " ef", "  "});
  CHECK(pieces(PreTokenizer::deepseek_llm, "a, b。c") == Pieces{"a", ",", " b", "。", "c"});
  CHECK(pieces(PreTokenizer::deepseek_llm, "\u3000\u3000x") == Pieces{"\u3000", "\u3000", "x"});
  CHECK(pieces(PreTokenizer::deepseek_llm, "\u3000\u3000.") == Pieces{"\u3000\u3000", "."});
  CHECK(pieces(PreTokenizer::deepseek_coder, "int x=1;\n") == Pieces{"int", " x", "=", "1", ";", "\n"});
}

TEST_CASE("words are cut before their first bar only") {
  CHECK(pieces(PreTokenizer::words, "▁▁a▁b▁") == Pieces{"▁▁a", "▁b", "▁"});
  CHECK(pieces(PreTokenizer::words, "ab") == Pieces{"ab"});
}

TEST_CASE("pieces are never empty, join to the text and begin at characters") {
  std::mt19937 random(2);
  const char32_t kinds[] = {' ', '\n', '\r', '\'', 'a', 's', 'Z', '0', '9', '.', '!', 0x85, 0xA0, 0xE9, 0x301, 0x17F,
                            0x3000, 0x3042, 0x30FB, 0x4E00, 0xAC00, 0xFF01, 0x1F600, 0x2581, 0x7, 0x378, 0xBD, 0xE0001};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (unsigned i = 0; i < random() % 40; ++i) append_utf8(kinds[random() % std::size(kinds)], text);
    for (const PreTokenizer kind : kAll) {
      std::string all;
      for (const std::string& piece : pieces(kind, text)) {
        CHECK(!piece.empty());
        CHECK(find_invalid_utf8(piece) == std::string::npos);
        all += piece;
      }
      CHECK(all == text);
    }
  }
}

TEST_CASE("time grows with the text, whatever it holds") {
  const auto seconds = [](PreTokenizer kind, const std::string& text) {
    const auto start = std::chrono::steady_clock::now();
    pre_tokenize(kind, text, [](std::string_view) {});
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  for (const char* unit : {" ", "\n", "a", "'", " \n", "  x", "\u3000", "1", "\x01", " \u3000."}) {
    std::string text;
    while (text.size() < 100000) text += unit;
    for (const PreTokenizer kind : kAll) {
      CAPTURE(unit);
      CAPTURE(pre_tokenizer_name(kind));
      CHECK(seconds(kind, text + "x") < 2.0);  // milliseconds when linear
    }
  }
}

TEST_CASE("names and stages lead to the same pre-tokenizer") {
  CHECK(pre_tokenizer_by_name("deepseek-v3") == PreTokenizer::deepseek_v3);
  CHECK(!pre_tokenizer_by_name("falcon"));
  CHECK(pre_tokenizer_by_stages(Pieces{"digits", "bytelevel regex"}) == PreTokenizer::smollm);
  CHECK(!pre_tokenizer_by_stages(Pieces{"digits"}));
  CHECK(!pre_tokenizer_by_stages(Pieces{}));
  for (const PreTokenizer kind : kAll) CHECK(!pre_tokenizer_name(kind).empty());
}
