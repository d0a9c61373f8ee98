// The spelling of SentencePiece vocabularies: <0xHH> for a byte, U+2581 for a space.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace hadal {

inline constexpr std::string_view kSpaceBar = "\xE2\x96\x81";

inline std::string byte_token(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

// -1 if the text is no byte token.
inline int byte_of_token(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  const int high = digit(text[3]), low = digit(text[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

inline void append_with_spaces(std::string_view text, std::string& out) {
  for (size_t at = 0; at < text.size();) {
    const size_t bar = std::min(text.find(kSpaceBar, at), text.size());
    out.append(text, at, bar - at);
    if (bar == text.size()) break;
    out += ' ';
    at = bar + kSpaceBar.size();
  }
}

}  // namespace hadal
