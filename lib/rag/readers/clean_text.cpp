#include "rag/readers/clean_text.hpp"

#include "core/utf8.hpp"

namespace hadal::rag {

void append_character(char32_t c, std::string& out) {
  append_utf8(c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? char32_t(0xFFFD) : c, out);
}

char32_t next_character(std::string_view text, size_t& at) {
  const char* from = text.data() + at;
  if (uint8_t(*from) < 0x80) return char32_t(text[at++]);
  if (utf8_step(from, text.data() + text.size()).kind != Utf8Step::Kind::character) return ++at, 0xFFFD;
  const char* next = from;
  const char32_t c = next_code_point(next);
  at += size_t(next - from);
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
      append_character(c, out);
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
