#include "rag/readers/mail_text.hpp"

#include <algorithm>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {
namespace {

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

// =?charset?B?text?= at `at`: appends what it says and moves behind it.
bool read_encoded_word(std::string_view value, size_t& at, std::string& out) {
  const size_t charset = at + 2;
  const size_t first = value.find('?', charset);
  if (first == value.npos || first + 2 >= value.size() || value[first + 2] != '?') return false;
  constexpr size_t kLongest = 2000;   // RFC 2047 allows 75; bounded, so that many that never end cost little
  const size_t end = value.substr(0, first + kLongest).find("?=", first + 3);
  if (end == value.npos) return false;
  const char encoding = char(value[first + 1] | 0x20);
  std::string text(value.substr(first + 3, end - first - 3));
  if (encoding == 'q') {
    std::replace(text.begin(), text.end(), '_', ' ');
    text = from_quoted_printable(text);
  } else if (encoding == 'b') {
    text = from_base64(text);
  } else {
    return false;
  }
  const std::string_view name = value.substr(charset, first - charset);
  out += decode_text(text, name.substr(0, name.find('*'))).text;
  at = end + 2;
  return true;
}

}  // namespace

std::string from_quoted_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '=') {
      out += text[at];
      continue;
    }
    size_t next = at + 1;   // a soft line break: = at the end of a line
    while (next < text.size() && (text[next] == ' ' || text[next] == '\t')) ++next;
    if (next < text.size() && text[next] == '\r') ++next;
    if (next >= text.size() || text[next] == '\n') {
      at = next;
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    if (low >= 0) {
      out += char(high * 16 + low);
      at += 2;
    } else {
      out += '=';
    }
  }
  return out;
}

std::string from_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') {   // padding ends a piece; another may follow
      bits = 0;
      held = 0;
      continue;
    }
    const int digit = base64_digit(c);
    if (digit < 0) continue;
    bits = (bits << 6 | uint32_t(digit)) & 0xFFFFFF;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += char(bits >> held & 0xFF);
    }
  }
  return out;
}

std::string decoded_header(std::string_view value) {
  std::string out;
  bool after_word = false;
  for (size_t at = 0; at < value.size();) {
    if (value.substr(at).starts_with("=?") && read_encoded_word(value, at, out)) {
      after_word = true;
      continue;
    }
    // White space between two encoded words is not part of the text.
    size_t next = at;
    while (next < value.size() && is_space(char32_t(uint8_t(value[next])))) ++next;
    if (after_word && next > at && value.substr(next).starts_with("=?")) {
      at = next;
      continue;
    }
    after_word = false;
    size_t end = next > at ? next : at + 1;
    while (end < value.size() && value[end] != '=' && !is_space(char32_t(uint8_t(value[end])))) ++end;
    out += value.substr(at, end - at);
    at = end;
  }
  return decode_text(out).text;
}

std::string header_parameter(std::string_view value, std::string_view wanted) {
  for (size_t at = value.find(';'); at != value.npos && at < value.size();) {
    ++at;
    const size_t equals = value.find_first_of("=;", at);
    if (equals == value.npos) return {};
    if (value[equals] == ';') {
      at = equals;
      continue;
    }
    const std::string name = lower_ascii(trim_ascii(value.substr(at, equals - at)));
    std::string text;
    at = equals + 1;
    while (at < value.size() && is_space(char32_t(uint8_t(value[at])))) ++at;
    if (at < value.size() && value[at] == '"') {
      for (++at; at < value.size() && value[at] != '"'; ++at) {
        if (value[at] == '\\' && at + 1 < value.size()) ++at;
        text += value[at];
      }
      at = value.find(';', std::min(at, value.size()));
    } else {
      const size_t end = std::min(value.find(';', at), value.size());
      text = trim_ascii(value.substr(at, end - at));
      at = end;
    }
    if (name == wanted) return decoded_header(text);
    if (name.size() > wanted.size() && name.starts_with(wanted) && name[wanted.size()] == '*') {
      const size_t first = text.find('\''), second = first == text.npos ? first : text.find('\'', first + 1);
      if (second == text.npos) return unescaped_bytes(text, '%');
      return decode_text(unescaped_bytes(std::string_view(text).substr(second + 1), '%'), text.substr(0, first)).text;
    }
  }
  return {};
}

}  // namespace hadal::rag
