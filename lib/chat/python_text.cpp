#include "chat/python_text.hpp"

#include <algorithm>

#include "chat/unicode_case.hpp"
#include "chat/utf8.hpp"
#include "core/utf8.hpp"

namespace hadal::jinja {
namespace {

void append_mapped(std::string& out, char32_t c, CaseMapping mapping) {
  char32_t mapped[3];
  const int count = map_case(c, mapping, mapped);
  for (int i = 0; i < count; ++i) append_utf8(mapped[i], out);
}

constexpr char32_t kSigma = 0x3A3, kFinalSigma = 0x3C2, kSmallSigma = 0x3C3;

// A capital sigma at the end of a word: a cased character before it, none after it, ignorable ones skipped.
bool ends_word(std::string_view text, size_t pos) {
  size_t before = pos;
  bool cased = false;
  while (before > 0) {
    before = previous_character(text, before);
    const char32_t c = code_point_at(text, before);
    if (is_case_ignorable(c)) continue;
    cased = is_cased(c);
    break;
  }
  if (!cased) return false;
  for (size_t after = next_character(text, pos); after < text.size(); after = next_character(text, after)) {
    const char32_t c = code_point_at(text, after);
    if (!is_case_ignorable(c)) return !is_cased(c);
  }
  return true;
}

void append_lowered(std::string& out, std::string_view text, size_t pos, char32_t c) {
  if (c == kSigma)
    append_utf8(ends_word(text, pos) ? kFinalSigma : kSmallSigma, out);
  else
    append_mapped(out, c, CaseMapping::lower);
}

template <class Visit>
void each_character(std::string_view text, const Visit& visit) {
  for (size_t pos = 0; pos < text.size(); pos = next_character(text, pos)) visit(code_point_at(text, pos), pos);
}

template <class Holds>
bool all_of(std::string_view text, const Holds& holds) {
  bool all = !text.empty();
  each_character(text, [&](char32_t c, size_t) { all = all && holds(c); });
  return all;
}

bool contains(std::string_view set, char32_t c) {
  for (size_t pos = 0; pos < set.size(); pos = next_character(set, pos))
    if (code_point_at(set, pos) == c) return true;
  return false;
}

bool is_line_end(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

std::vector<std::string_view> split_blank(std::string_view text, int64_t limit) {
  std::vector<std::string_view> parts;
  size_t pos = 0;
  const auto skip = [&](bool space) {
    while (pos < text.size() && is_space(code_point_at(text, pos)) == space) pos = next_character(text, pos);
  };
  for (skip(true); pos < text.size(); skip(true)) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) >= limit) {
      parts.push_back(text.substr(pos));
      break;
    }
    const size_t begin = pos;
    skip(false);
    parts.push_back(text.substr(begin, pos - begin));
  }
  return parts;
}

std::vector<std::string_view> split_blank_from_right(std::string_view text, int64_t limit) {
  std::vector<std::string_view> parts;
  size_t end = text.size();
  const auto skip = [&](bool space) {
    while (end > 0) {
      const size_t before = previous_character(text, end);
      if (is_space(code_point_at(text, before)) != space) break;
      end = before;
    }
  };
  for (skip(true); end > 0; skip(true)) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) >= limit) {
      parts.push_back(text.substr(0, end));
      break;
    }
    const size_t stop = end;
    skip(false);
    parts.push_back(text.substr(end, stop - end));
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

void append_hex(std::string& out, char32_t c, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[(c >> shift) & 15];
}

}  // namespace

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_printable(char32_t c) { return c < 0x80 ? c >= 0x20 && c < 0x7F : !is_unprintable(c); }

std::string_view strip(std::string_view text, std::string_view chars, bool left, bool right) {
  const auto drop = [&](size_t pos) {
    const char32_t c = code_point_at(text, pos);
    return chars.data() ? contains(chars, c) : is_space(c);
  };
  while (left && !text.empty() && drop(0)) text.remove_prefix(next_character(text, 0));
  while (right && !text.empty()) {
    const size_t last = previous_character(text, text.size());
    if (!drop(last)) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string upper(std::string_view text) {
  std::string out;
  each_character(text, [&](char32_t c, size_t) { append_mapped(out, c, CaseMapping::upper); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  each_character(text, [&](char32_t c, size_t pos) { append_lowered(out, text, pos, c); });
  return out;
}

std::string capitalize(std::string_view text) {
  std::string out;
  each_character(text, [&](char32_t c, size_t pos) {
    if (pos == 0)
      append_mapped(out, c, CaseMapping::title);
    else
      append_lowered(out, text, pos, c);
  });
  return out;
}

std::string upper_first(std::string_view text) {
  if (text.empty()) return {};
  const size_t second = next_character(text, 0);
  return upper(text.substr(0, second)) + lower(text.substr(second));
}

std::string title(std::string_view text) {
  std::string out;
  bool in_word = false;
  each_character(text, [&](char32_t c, size_t pos) {
    if (in_word)
      append_lowered(out, text, pos, c);
    else
      append_mapped(out, c, CaseMapping::title);
    in_word = is_cased(c);
  });
  return out;
}

std::string swapcase(std::string_view text) {
  std::string out;
  each_character(text, [&](char32_t c, size_t pos) {
    if (is_upper_case(c))
      append_lowered(out, text, pos, c);
    else
      append_mapped(out, c, is_lower_case(c) ? CaseMapping::upper : CaseMapping::lower);
  });
  return out;
}

bool is_upper(std::string_view text) {
  bool cased = false, wrong = false;
  each_character(text, [&](char32_t c, size_t) {
    cased = cased || is_upper_case(c);
    wrong = wrong || is_lower_case(c) || is_title_case(c);
  });
  return cased && !wrong;
}

bool is_lower(std::string_view text) {
  bool cased = false, wrong = false;
  each_character(text, [&](char32_t c, size_t) {
    cased = cased || is_lower_case(c);
    wrong = wrong || is_upper_case(c) || is_title_case(c);
  });
  return cased && !wrong;
}

bool is_title(std::string_view text) {
  bool in_word = false, cased = false, wrong = false;
  each_character(text, [&](char32_t c, size_t) {
    const bool capital = is_upper_case(c) || is_title_case(c), small = is_lower_case(c);
    wrong = wrong || (capital && in_word) || (small && !in_word);
    cased = cased || capital || small;
    in_word = capital || small;
  });
  return cased && !wrong;
}

bool all_alphabetic(std::string_view text) { return all_of(text, is_alphabetic); }
bool all_decimal(std::string_view text) { return all_of(text, is_decimal); }
bool all_alphanumeric(std::string_view text) {
  return all_of(text, [](char32_t c) { return is_alphabetic(c) || is_numeric(c); });
}
bool all_space(std::string_view text) { return all_of(text, is_space); }

std::vector<std::string_view> split(std::string_view text, std::string_view separator, int64_t limit) {
  if (separator.empty()) return split_blank(text, limit);
  std::vector<std::string_view> parts;
  while (limit < 0 || static_cast<int64_t>(parts.size()) < limit) {
    const size_t found = text.find(separator);
    if (found == std::string_view::npos) break;
    parts.push_back(text.substr(0, found));
    text.remove_prefix(found + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::vector<std::string_view> split_from_right(std::string_view text, std::string_view separator, int64_t limit) {
  if (separator.empty()) return split_blank_from_right(text, limit);
  std::vector<std::string_view> parts;
  while (limit < 0 || static_cast<int64_t>(parts.size()) < limit) {
    const size_t found = text.rfind(separator);
    if (found == std::string_view::npos) break;
    parts.push_back(text.substr(found + separator.size()));
    text = text.substr(0, found);
  }
  parts.push_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t pos = 0; pos < text.size();) {
    const char32_t c = code_point_at(text, pos);
    size_t after = next_character(text, pos);
    if (!is_line_end(c)) {
      pos = after;
      continue;
    }
    if (c == '\r' && after < text.size() && text[after] == '\n') ++after;
    lines.push_back(text.substr(begin, (keep_ends ? after : pos) - begin));
    begin = pos = after;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

int64_t count_occurrences(std::string_view text, std::string_view part) {
  if (part.empty()) return static_cast<int64_t>(count_code_points(text)) + 1;
  int64_t count = 0;
  for (size_t pos = text.find(part); pos != std::string_view::npos; pos = text.find(part, pos + part.size())) ++count;
  return count;
}

std::string replace(std::string_view text, std::string_view old, std::string_view with, int64_t limit, Budget& budget) {
  int64_t count = count_occurrences(text, old);
  if (limit >= 0) count = std::min(count, limit);
  budget.text(text.size() + static_cast<uint64_t>(count) * with.size());
  std::string out;
  if (old.empty()) {  // before every character, and at the end
    size_t pos = 0;
    for (; count > 0; --count) {
      out += with;
      const size_t end = pos < text.size() ? next_character(text, pos) : pos;
      out += text.substr(pos, end - pos);
      pos = end;
    }
    return out += text.substr(pos);
  }
  for (; count > 0; --count) {
    const size_t found = text.find(old);
    out += text.substr(0, found);
    out += with;
    text.remove_prefix(found + old.size());
  }
  out += text;
  return out;
}

size_t offset_of(std::string_view text, size_t length, size_t index) {
  if (length == text.size()) return std::min(index, text.size());
  size_t pos = 0;
  while (index > 0 && pos < text.size()) pos = next_character(text, pos), --index;
  return pos;
}

std::string reversed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t end = text.size(); end > 0;) {
    const size_t begin = previous_character(text, end);
    out += text.substr(begin, end - begin);
    end = begin;
  }
  return out;
}

std::string quoted_repr(std::string_view text) {
  const bool doubled = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = doubled ? '"' : '\'';
  std::string out(1, quote);
  each_character(text, [&](char32_t c, size_t pos) {
    if (c == static_cast<unsigned char>(quote) || c == '\\') (out += '\\') += static_cast<char>(c);
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c == '\t') out += "\\t";
    else if (is_printable(c)) out += text.substr(pos, next_character(text, pos) - pos);
    else if (c < 0x100) append_hex(out += "\\x", c, 2);
    else if (c < 0x10000) append_hex(out += "\\u", c, 4);
    else append_hex(out += "\\U", c, 8);
  });
  return out + quote;
}

std::string escape_html(std::string_view text, Budget& budget) {
  budget.text(5 * text.size());
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\'': out += "&#39;"; break;
      case '"': out += "&#34;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace hadal::jinja
