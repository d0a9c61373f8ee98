// UTF-8, character classes and normal form C, the last two against digests of what the tokenizers library makes of
// every code point (tests/golden/recipes/tokenizer_unicode.py).
#include <random>

#include <doctest/doctest.h>

#include "tokenizer/char_class.hpp"
#include "tokenizer/nfc.hpp"
#include "core/utf8.hpp"

using namespace hadal;

namespace {

constexpr uint64_t kFnvStart = 0xCBF29CE484222325u;
void fnv(uint64_t& digest, unsigned char byte) { digest = (digest ^ byte) * 0x100000001B3u; }

template <class Body>
void for_each_scalar(Body body) {
  for (char32_t cp = 0; cp < 0x110000; ++cp)
    if (cp < 0xD800 || cp >= 0xE000) body(cp);
}

uint64_t digest_of_class(ClassMask classes) {
  uint64_t digest = kFnvStart;
  for_each_scalar([&](char32_t cp) { fnv(digest, (class_of(cp) & classes) != 0); });
  return digest;
}

std::string utf8(std::initializer_list<char32_t> characters) {
  std::string out;
  for (const char32_t cp : characters) append_utf8(cp, out);
  return out;
}

std::string nfc(std::string_view text) {
  std::string out;
  append_nfc(text, out);
  return out;
}

std::string repaired(std::string_view text, bool hold = false) {
  std::string out;
  append_repaired_utf8(text, hold, out);
  return out;
}

}  // namespace

TEST_CASE("every code point has the classes that the tokenizers library gives it") {
  CHECK(digest_of_class(kLetter) == 0xf98f7f61cd264039u);
  CHECK(digest_of_class(kMark) == 0xc771168cc7fc38c2u);
  CHECK(digest_of_class(kNumber) == 0x3be1eb8fd343984au);
  CHECK(digest_of_class(kPunctuation) == 0x476f200ae4409aa2u);
  CHECK(digest_of_class(kSymbol) == 0x6f2ccc4b69a13983u);
  CHECK(digest_of_class(kSpace) == 0x6456ea463be947acu);
  CHECK(digest_of_class(kDigitStage) == 0x3e1a1d027744696fu);
}

TEST_CASE("a code point has exactly one class, and the ASCII shortcut agrees with the table") {
  for_each_scalar([](char32_t cp) {
    const ClassMask is = class_of(cp);
    if ((is & (is - 1)) != 0 || is == 0 || is != class_from_table(cp)) FAIL("U+", static_cast<uint32_t>(cp));
  });
}

TEST_CASE("normal form C of every code point, alone and between others, is that of the tokenizers library") {
  uint64_t digest = kFnvStart;
  for_each_scalar([&](char32_t cp) {
    if (cp >= 0x30000) return;  // nothing there composes
    for (const std::string& text : {utf8({cp}), utf8({0x334, 0x301, cp, 0x591}), utf8({'A', cp, 0x300}),
                                    utf8({0x1100, cp, 0x11A8})})
      for (const char byte : nfc(text)) fnv(digest, static_cast<unsigned char>(byte));
  });
  CHECK(digest == 0x2feeedb6bec6afe3u);
}

TEST_CASE("normalising twice changes nothing, and plain text is recognised") {
  std::mt19937 random(1);
  const char32_t starts[] = {0x41, 0x300, 0x1100, 0xAC00, 0x915, 0x3042, 0x1D158, 0x1F00, 0x622, 0xF900};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) append_utf8(starts[random() % std::size(starts)] + random() % 80, text);
    const std::string once = nfc(text);
    CHECK(nfc(once) == once);
    if (is_plainly_nfc(text)) CHECK(once == text);
  }
  CHECK(is_plainly_nfc("plain ASCII, über, 漢字, 한국어, Привет"));
  CHECK(!is_plainly_nfc("e\xCC\x81"));
}

TEST_CASE("a long run of marks is put in order without quadratic time") {
  std::string text = "a";
  for (int i = 0; i < 300000; ++i) text += i % 2 ? "\xCC\x81" : "\xCC\xA3";
  const std::string out = nfc(text);
  CHECK(out.starts_with("\xE1\xBA\xA1"));  // a with the first dot below
  CHECK(out.size() == text.size());
}

TEST_CASE("invalid UTF-8 is found at its first byte") {
  CHECK(find_invalid_utf8("plain text, long enough for eight at once, äöü, 漢字, 🦙") == std::string_view::npos);
  const std::pair<std::string_view, size_t> cases[] = {
      {"12345678\x80", 8},      {"ab\xC0\x80", 2},         {"ab\xC1\xBF", 2},  {"a\xE0\x9F\xBF", 1},
      {"a\xED\xA0\x80", 1},     {"\xF0\x8F\xBF\xBF", 0},   {"\xF4\x90\x80\x80", 0}, {"\xF5\x80\x80\x80", 0},
      {"ok \xE2\x82", 3},       {"\xC3", 0},               {"\xFF", 0}};
  for (const auto& c : cases) {
    CAPTURE(c.second);
    CHECK(find_invalid_utf8(c.first) == c.second);
  }
}

TEST_CASE("each maximal invalid part becomes one replacement character") {
  constexpr std::string_view kBad = "\xEF\xBF\xBD";
  const auto times = [&](int n) {
    std::string out;
    while (n-- > 0) out += kBad;
    return out;
  };
  CHECK(repaired("a\xE2\x82z") == "a" + times(1) + "z");
  CHECK(repaired("\xF0\x9F\xA6") == times(1));
  CHECK(repaired("\xED\xA0\x80") == times(3));
  CHECK(repaired("\xC0\xAF") == times(2));
  CHECK(repaired("\xF0\x80\x80") == times(3));
  CHECK(repaired("\xE2\x82\xF0\x9F") == times(2));
  CHECK(repaired("a\xF0\x9F", true) == "a");
  std::string out;
  CHECK(append_repaired_utf8("ab\xE2\x82", true, out) == 2);
}
