// Expected texts are written down here as UTF-8; the encoded bytes were made by Python's codecs.
#include <doctest/doctest.h>

#include "rag/readers/text_encoding.hpp"
#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("a text's encoding is found: byte order marks, UTF-16 without one, GB18030, Big5, Western") {
  const struct {
    std::string_view file, encoding;
  } cases[] = {{"utf8.txt", "utf-8"},          {"utf8_bom.txt", "utf-8"},        {"utf16le_bom.txt", "utf-16le"},
               {"utf16be_bom.txt", "utf-16be"}, {"utf16le.txt", "utf-16le"},      {"gb18030.txt", "gb18030"},
               {"gb18030_four.txt", "gb18030"}, {"big5.txt", "big5"},             {"latin1.txt", "windows-1252"}};
  for (const auto& expected : cases) {
    const std::string file(expected.file);
    CAPTURE(file);
    const std::string bytes = golden("encodings/" + file);
    const DecodedText decoded = decode_text(bytes);
    CHECK(decoded.encoding == expected.encoding);
    CHECK(decoded.unknown == 0);
    CHECK(decoded.text == golden("encodings/" + file + ".utf8"));
  }
}

TEST_CASE("every seventh GB18030 and Big5 code of two bytes means what Python's codecs say") {
  CHECK(decode_as(golden("encodings/gb18030_all.bin"), "gb18030").text == golden("encodings/gb18030_all.utf8"));
  CHECK(decode_as(golden("encodings/big5_all.bin"), "big5").text == golden("encodings/big5_all.utf8"));
}

TEST_CASE("bytes that mean nothing in an encoding become U+FFFD and nothing is lost after them") {
  CHECK(decode_as("a\xFF" "b", "gb18030").text == "a\xEF\xBF\xBD" "b");
  CHECK(decode_as("a\xFF", "big5").text == "a\xEF\xBF\xBD");
  CHECK(decode_as("\x81\x30", "gb18030").unknown == 1);
  CHECK(decode_as(std::string_view("a\0\x00\xD8z\0", 6), "utf-16le").text == "a\xEF\xBF\xBDz");
  CHECK(decode_text("ok \xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9 \xFF").encoding ==
        "utf-8");
}
