#include "rag/readers/pdf_lexer.hpp"

#include <algorithm>

#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {
namespace {

bool is_pdf_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0'; }
bool is_delimiter(char c) { return std::string_view("()<>[]{}/%").find(c) != std::string_view::npos; }

// Numbers of content streams have no exponent; "--5" and "1.2.3" occur and are read as far as they make sense.
bool read_number(std::string_view word, double& value) {
  double result = 0, scale = 1;
  bool digits = false, fraction = false;
  size_t at = 0;
  while (at < word.size() && (word[at] == '-' || word[at] == '+')) ++at;
  const bool negative = at > 0 && word[0] == '-';
  for (; at < word.size(); ++at) {
    const char c = word[at];
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      digits = true;
      if (fraction) result += (scale /= 10) * (c - '0');
      else if (result < 1e15) result = result * 10 + (c - '0');
    } else if (c == '-' || c == '.') {
      break;
    } else {
      return false;
    }
  }
  if (!digits && !fraction) return false;
  value = negative ? -result : result;
  return true;
}

}  // namespace

bool PdfLexer::next(PdfToken& token) {
  using Kind = PdfToken::Kind;
  token.text.clear();
  while (at_ < bytes_.size()) {
    const char c = bytes_[at_];
    if (is_pdf_space(c)) {
      ++at_;
      continue;
    }
    if (c == '%') {
      at_ = std::min(bytes_.find_first_of("\r\n", at_), bytes_.size());
      continue;
    }
    if (c == '(') return read_literal(token.text), token.kind = Kind::string, true;
    if (c == '<') {
      if (at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '<') return at_ += 2, token.kind = Kind::dict_begin, true;
      return read_hex(token.text), token.kind = Kind::string, true;
    }
    if (c == '>') {
      at_ += at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '>' ? 2 : 1;
      return token.kind = Kind::dict_end, true;
    }
    if (c == '[') return ++at_, token.kind = Kind::array_begin, true;
    if (c == ']') return ++at_, token.kind = Kind::array_end, true;
    if (c == ')' || c == '{' || c == '}') {
      ++at_;
      continue;
    }
    const size_t begin = at_++;
    while (at_ < bytes_.size() && !is_pdf_space(bytes_[at_]) && !is_delimiter(bytes_[at_])) ++at_;
    std::string_view word = bytes_.substr(begin, at_ - begin);
    if (c == '/') {
      token.kind = Kind::name;
      token.text = unescaped_bytes(word.substr(1), '#');
      return true;
    }
    if (read_number(word, token.number)) return token.kind = Kind::number, true;
    token.kind = Kind::word;
    token.text = word;
    return true;
  }
  token.kind = Kind::finished;
  return false;
}

void PdfLexer::read_literal(std::string& out) {
  size_t depth = 1;
  for (++at_; at_ < bytes_.size(); ++at_) {
    char c = bytes_[at_];
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) {
      ++at_;
      return;
    }
    if (c == '\\' && at_ + 1 < bytes_.size()) {
      c = bytes_[++at_];
      if (c >= '0' && c <= '7') {
        int code = 0;
        for (int i = 0; i < 3 && at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '7'; ++i)
          code = code * 8 + (bytes_[at_++] - '0');
        --at_;
        c = char(code);
      } else if (c == '\r' || c == '\n') {   // a line goes on
        if (c == '\r' && at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '\n') ++at_;
        continue;
      } else {
        constexpr std::string_view kLetters = "nrtbf", kMeanings = "\n\r\t\b\f";
        if (const size_t which = kLetters.find(c); which != kLetters.npos) c = kMeanings[which];
      }
    }
    out += c;
  }
}

void PdfLexer::read_hex(std::string& out) {
  int held = -1;
  for (++at_; at_ < bytes_.size() && bytes_[at_] != '>'; ++at_) {
    const int digit = hex_digit(bytes_[at_]);
    if (digit < 0) continue;
    if (held < 0) {
      held = digit;
    } else {
      out += char(held * 16 + digit);
      held = -1;
    }
  }
  if (held >= 0) out += char(held * 16);
  if (at_ < bytes_.size()) ++at_;
}

void PdfLexer::skip_inline_image() {
  for (size_t at = bytes_.find("EI", at_); at != bytes_.npos; at = bytes_.find("EI", at + 1)) {
    const bool before = at > 0 && is_pdf_space(bytes_[at - 1]);
    const bool after = at + 2 >= bytes_.size() || is_pdf_space(bytes_[at + 2]);
    if (!before || !after) continue;
    // Pixels may hold "EI" too; what follows the real one is text.
    const std::string_view rest = bytes_.substr(at + 2, 16);
    if (std::all_of(rest.begin(), rest.end(),
                    [](char c) { return (uint8_t(c) >= 0x20 && uint8_t(c) < 0x7F) || is_pdf_space(c); })) {
      at_ = at + 2;
      return;
    }
  }
  at_ = bytes_.size();
}

}  // namespace hadal::rag
