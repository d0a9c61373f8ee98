// Which encoding a text is in, and the way to UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace hadal::rag {

struct DecodedText {
  std::string text;           // UTF-8, U+FFFD where a byte meant nothing; not yet clean
  std::string_view encoding;  // "utf-8", "utf-16le", "utf-16be", "gb18030", "big5", "windows-1252", ...
  size_t unknown = 0;         // how many U+FFFD were put
};

// `declared` is what the document says of itself (a charset name in any case), or empty. A byte order mark wins over
// it, and so does UTF-8 that is valid and not plain ASCII; without both the encoding is guessed.
DecodedText decode_text(std::string_view bytes, std::string_view declared = {});

// The encoding a declared name means here, or empty.
std::string_view known_encoding(std::string_view declared);
DecodedText decode_as(std::string_view bytes, std::string_view encoding);

int hex_digit(char c);   // -1 for what is none
// Text with each `mark` and two hexadecimal digits as the byte they say: "%E4%BD%A0" with %, "A#20B" with #.
std::string unescaped_bytes(std::string_view text, char mark);

// One code of a two-byte encoding: 0xFFFD where it means nothing.
char32_t gb18030_character(uint8_t lead, uint8_t trail);
char32_t big5_character(uint8_t lead, uint8_t trail);
// One byte of Windows-1252 or Mac Roman.
char32_t windows_1252_character(uint8_t byte);
char32_t mac_roman_character(uint8_t byte);

}  // namespace hadal::rag
