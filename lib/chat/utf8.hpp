// Code points of UTF-8 text, as Python's str counts them. Bytes that are no valid UTF-8 never lead outside the text:
// each counts as part of the character before it, or is read as U+FFFD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::jinja {

inline bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

inline size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += !continues(c);
  return count;
}

// The start of the character after the one at `pos`.
inline size_t next_character(std::string_view text, size_t pos) {
  ++pos;
  while (pos < text.size() && continues(text[pos])) ++pos;
  return pos;
}

// The start of the character before `pos`; pos > 0.
inline size_t previous_character(std::string_view text, size_t pos) {
  --pos;
  while (pos > 0 && continues(text[pos])) --pos;
  return pos;
}

// The code point at `pos`; U+FFFD for malformed bytes.
char32_t code_point_at(std::string_view text, size_t pos);

}  // namespace hadal::jinja
