#include "api/utf16.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::api {

char32_t next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned lead = byte(at);
  const size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 1) return text[at++] & 0x7F;
  char32_t c = length == 2 ? lead & 0x1F : length == 3 ? lead & 0x0F : lead & 0x07;
  bool fits = length != 0;
  for (size_t k = 1; fits && k < length; ++k) {
    fits = (byte(at + k) & 0xC0) == 0x80;
    c = c << 6 | (byte(at + k) & 0x3F);
  }
  if (!fits || (length == 3 && (c < 0x800 || (c >= 0xD800 && c < 0xE000))) ||
      (length == 4 && (c < 0x10000 || c > 0x10FFFF))) {
    ++at;
    return 0xFFFD;
  }
  at += length;
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
    if (c < 0x80) {
      out += char(c);
    } else if (c < 0x800) {
      out += char(0xC0 | (c >> 6));
      out += char(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      out += char(0xE0 | (c >> 12));
      out += char(0x80 | ((c >> 6) & 0x3F));
      out += char(0x80 | (c & 0x3F));
    } else {
      out += char(0xF0 | (c >> 18));
      out += char(0x80 | ((c >> 12) & 0x3F));
      out += char(0x80 | ((c >> 6) & 0x3F));
      out += char(0x80 | (c & 0x3F));
    }
  }
  return out;
}

}  // namespace hadal::api
