// Is this text well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF)?
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hadal {

constexpr bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const uint8_t first = uint8_t(text[i]);
    size_t more = 0;
    uint8_t low = 0x80, high = 0xBF;   // bounds of the second byte
    if (first < 0x80) { ++i; continue; }
    if (first >= 0xC2 && first <= 0xDF) more = 1;
    else if (first >= 0xE0 && first <= 0xEF) more = 2;
    else if (first >= 0xF0 && first <= 0xF4) more = 3;
    else return false;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    if (text.size() - i <= more) return false;
    for (size_t k = 1; k <= more; ++k) {
      const uint8_t next = uint8_t(text[i + k]);
      if (next < low || next > high) return false;
      low = 0x80, high = 0xBF;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace hadal
