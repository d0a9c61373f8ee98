// UTF-8: reading text known to be valid, finding what is not, and repairing it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hadal {

// One step over bytes that may be anything.
struct Utf8Step {
  enum class Kind : uint8_t { character, invalid, cut };  // cut: the start of a character, and the bytes end
  Kind kind;
  uint8_t size;  // bytes; of an invalid sequence its maximal subpart (Unicode 3.9, table 3-8), at least 1
};
Utf8Step utf8_step(const char* at, const char* end);

// Offset of the first byte that is not part of valid UTF-8, or npos.
size_t find_invalid_utf8(std::string_view text);
inline bool is_utf8(std::string_view text) { return find_invalid_utf8(text) == std::string_view::npos; }

// Appends text with each maximal invalid subpart as U+FFFD; returns how many bytes were used. With hold_cut a
// character cut off at the end is left for later (the result is below text.size()), otherwise it is replaced too.
size_t append_repaired_utf8(std::string_view text, bool hold_cut, std::string& out);

void append_utf8(char32_t code_point, std::string& out);

// Length of the character that begins with this byte of valid UTF-8.
inline size_t utf8_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// The character at `at` of valid UTF-8; moves `at` past it.
inline char32_t next_code_point(const char*& at) {
  const auto byte = [&](int i) { return static_cast<char32_t>(static_cast<unsigned char>(at[i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return at += 1, lead;
  if (lead < 0xE0) {
    const char32_t cp = (lead & 0x1F) << 6 | (byte(1) & 0x3F);
    return at += 2, cp;
  }
  if (lead < 0xF0) {
    const char32_t cp = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    return at += 3, cp;
  }
  const char32_t cp = (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  return at += 4, cp;
}

// Start of the character before `at`; there must be one.
inline const char* previous_character(const char* at) {
  do --at;
  while ((static_cast<unsigned char>(*at) & 0xC0) == 0x80);
  return at;
}

}  // namespace hadal
