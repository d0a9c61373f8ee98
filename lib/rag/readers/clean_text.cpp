#include "rag/readers/clean_text.hpp"

namespace hadal::rag {

void append_utf8(char32_t c, std::string& out) {
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xC0 | c >> 6);
    out += char(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += char(0xE0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3F));
    out += char(0x80 | (c & 0x3F));
  } else {
    out += char(0xF0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3F));
    out += char(0x80 | (c >> 6 & 0x3F));
    out += char(0x80 | (c & 0x3F));
  }
}

char32_t next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? uint8_t(text[at + i]) : uint8_t(0); };
  const auto more = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t first = byte(0);
  char32_t c = 0xFFFD;
  size_t length = 1;
  if (first < 0x80) {
    c = first;
  } else if (first >= 0xC2 && first <= 0xDF && more(1)) {
    c = char32_t(first & 0x1F) << 6 | (byte(1) & 0x3F);
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF && more(1) && more(2)) {
    const char32_t wide = char32_t(first & 0x0F) << 12 | char32_t(byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (wide >= 0x800 && (wide < 0xD800 || wide >= 0xE000)) c = wide, length = 3;
  } else if (first >= 0xF0 && first <= 0xF4 && more(1) && more(2) && more(3)) {
    const char32_t wide = char32_t(first & 0x07) << 18 | char32_t(byte(1) & 0x3F) << 12 |
                          char32_t(byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (wide >= 0x10000 && wide <= 0x10FFFF) c = wide, length = 4;
  }
  at += length;
  return c;
}

void append_clean(std::string_view text, std::string& out) {
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    while (at < text.size() && uint8_t(text[at]) >= 0x20 && uint8_t(text[at]) < 0x7F) ++at;
    out.append(text.substr(begin, at - begin));
    if (at >= text.size()) break;
    const char32_t c = next_character(text, at);
    if (c == '\r') {
      if (at >= text.size() || text[at] != '\n') out += '\n';
    } else if (c == '\n' || c == '\f' || c == '\v' || c == 0x85 || c == 0x2028 || c == 0x2029) {
      out += '\n';
    } else if (c == '\t') {
      out += '\t';
    } else if (c == 0xA0 || c == 0x202F || c == 0x2007) {
      out += ' ';
    } else if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x200B || c == 0x2060 || c == 0xFEFF) {
      continue;
    } else {
      append_utf8(c, out);
    }
  }
}

std::string squeezed(std::string_view clean, bool keep_lines) {
  std::string out;
  out.reserve(clean.size());
  int breaks = 0;
  bool space = false;
  char32_t last = 0;
  for (size_t at = 0; at < clean.size();) {
    const size_t begin = at;
    const char32_t c = next_character(clean, at);
    if (is_space(c)) {
      space = true;
      breaks += c == '\n';
      continue;
    }
    if (space && !out.empty()) {
      if (keep_lines && breaks > 0) out.append(breaks > 1 ? 2 : 1, '\n');
      else if (breaks == 0 || !joins_without_space(last) || !joins_without_space(c)) out += ' ';
    }
    space = false;
    breaks = 0;
    last = c;
    out.append(clean.substr(begin, at - begin));
  }
  return out;
}

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool joins_without_space(char32_t c) {
  return (c >= 0x2E80 && c <= 0x303F) || (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3100 && c <= 0x312F) ||
         (c >= 0x31A0 && c <= 0x31FF) || (c >= 0x3220 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE30 && c <= 0xFE4F) || (c >= 0xFF00 && c <= 0xFFEF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_letter(char32_t c) {
  if (c < 0x80) return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  return (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x370 && c <= 0x52F) ||
         (c >= 0x1E00 && c <= 0x1FFF);
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c + 32);
  return out;
}

std::string_view trim_ascii(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

}  // namespace hadal::rag
