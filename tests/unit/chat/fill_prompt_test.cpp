// Fill-in-the-middle prompts.
#include <doctest/doctest.h>

#include <string>

#include "chat/chat.hpp"

using namespace hadal;

TEST_CASE("the hole stands between prefix and suffix, the end behind them, and only those three are control tokens") {
  const auto tokens = fill_tokens([](std::string_view token) { return token.starts_with("<｜fim▁"); });
  REQUIRE(tokens);
  const std::string prefix = "int f() {\n  return <｜fim▁hole｜>", suffix = ";\n}\n";
  std::string text;
  for (const PromptPart& part : fill_prompt(*tokens, prefix, suffix)) {
    CHECK(part.control == (part.text != prefix && part.text != suffix));
    text += part.text;
  }
  CHECK(text == "<｜fim▁begin｜>" + prefix + "<｜fim▁hole｜>" + suffix + "<｜fim▁end｜>");
}

TEST_CASE("a vocabulary without all three tokens cannot fill in the middle") {
  CHECK(!fill_tokens([](std::string_view) { return false; }));
  CHECK(!fill_tokens([](std::string_view token) { return token != "<｜fim▁end｜>"; }));
}
