#include "api/utf16.hpp"

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/utf8.hpp"

namespace hadal::api {

char32_t next_character(std::string_view text, size_t& at) {
  const char* here = text.data() + at;
  if (utf8_step(here, text.data() + text.size()).kind != Utf8Step::Kind::character) {
    ++at;
    return 0xFFFD;
  }
  const char32_t c = next_code_point(here);
  at = size_t(here - text.data());
  return c;
}

size_t put_utf16(char32_t c, uint16_t* out) {
  if (c < 0x10000) {
    out[0] = uint16_t(c);
    return 1;
  }
  out[0] = uint16_t(0xD800 + ((c - 0x10000) >> 10));
  out[1] = uint16_t(0xDC00 + ((c - 0x10000) & 0x3FF));
  return 2;
}

std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    uint16_t units[2];
    const size_t n = put_utf16(next_character(text, at), units);
    for (size_t i = 0; i < n; ++i) out += char16_t(units[i]);
  }
  return out;
}

std::string from_utf16(const uint16_t* text, size_t units, std::string_view what) {
  std::string out;
  out.reserve(units);
  for (size_t i = 0; i < units; ++i) {
    char32_t c = text[i];
    if (c >= 0xD800 && c < 0xE000) {
      const bool pair = c < 0xDC00 && i + 1 < units && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000;
      if (!pair)
        throw Error(Status::invalid_argument, message(what, ": expected UTF-16, found a lone surrogate at unit ", i));
      c = 0x10000 + ((c - 0xD800) << 10) + (char32_t(text[++i]) - 0xDC00);
    }
    append_utf8(c, out);
  }
  return out;
}

}  // namespace hadal::api
