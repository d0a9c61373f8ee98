#include "chat/utf8.hpp"

namespace hadal::jinja {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Length announced by a lead byte, 0 for a byte that cannot lead.
size_t announced_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// The code point of the valid sequence at `pos`, or 0x110000 if there is none; `length` gets its size.
char32_t decode(std::string_view text, size_t pos, size_t& length) {
  constexpr char32_t kInvalid = 0x110000;
  const auto lead = static_cast<unsigned char>(text[pos]);
  length = announced_length(lead);
  if (length == 1) return lead;
  if (length == 0 || text.size() - pos < length) return kInvalid;
  char32_t code_point = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!continues(text[pos + i])) return kInvalid;
    code_point = (code_point << 6) | (static_cast<unsigned char>(text[pos + i]) & 0x3F);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  return overlong || surrogate || code_point > 0x10FFFF ? kInvalid : code_point;
}

}  // namespace

char32_t code_point_at(std::string_view text, size_t pos) {
  size_t length = 0;
  const char32_t code_point = decode(text, pos, length);
  return code_point > 0x10FFFF ? kReplacement : code_point;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) {
  for (size_t pos = 0; pos < text.size();) {
    size_t length = 0;
    if (decode(text, pos, length) > 0x10FFFF) return false;
    pos += length;
  }
  return true;
}

}  // namespace hadal::jinja
