// The lines of a clean text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hadal::rag {

class TextLines {
 public:
  explicit TextLines(std::string_view text) : text_(text) {}

  bool next(std::string_view& line) {
    if (at_ >= text_.size()) return false;
    const size_t end = text_.find('\n', at_);
    const size_t stop = end == text_.npos ? text_.size() : end;
    line = text_.substr(at_, stop - at_);
    at_ = stop + 1;
    ++number_;
    return true;
  }
  uint32_t number() const { return number_; }  // of the line last given, from 1

 private:
  std::string_view text_;
  size_t at_ = 0;
  uint32_t number_ = 0;
};

inline bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == line.npos; }

inline size_t indent_of(std::string_view line) {
  size_t columns = 0;
  for (const char c : line) {
    if (c == ' ') columns += 1;
    else if (c == '\t') columns += 4 - columns % 4;
    else break;
  }
  return columns;
}

}  // namespace hadal::rag
