// Sentences for Error: message("expected ", shape, ", found ", 3). Independent of the locale.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace hadal {

inline void append_to(std::string& out, std::string_view text) { out += text; }
inline void append_to(std::string& out, char c) { out += c; }

template <class Number>
  requires((std::integral<Number> || std::floating_point<Number>) && !std::same_as<Number, char> &&
           !std::same_as<Number, bool>)
void append_to(std::string& out, Number value) {
  char digits[40];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

template <class... Parts>
std::string message(const Parts&... parts) {
  std::string out;
  (append_to(out, parts), ...);
  return out;
}

// "text" in double quotes, shortened to keep a sentence readable; control characters shown as '?'.
inline std::string quoted(std::string_view text) {
  constexpr size_t kLongest = 120;
  std::string out = "\"";
  size_t end = text.size() > kLongest ? kLongest : text.size();
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  for (char c : text.substr(0, end)) out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  if (end < text.size()) out += "...";
  return out + '"';
}

}  // namespace hadal
