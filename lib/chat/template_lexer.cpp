#include "chat/template_lexer.hpp"

#include "chat/python_text.hpp"
#include "chat/utf8.hpp"
#include "core/utf8.hpp"

namespace hadal::jinja {
namespace {

constexpr size_t kLongestSource = size_t{1} << 20;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (pos_ < source_.size()) data_and_tag();
    add(TokenKind::end, pos_, 0);
    return std::move(tokens_);
  }

 private:
  // Text up to the next tag, and that tag.
  void data_and_tag() {
    const size_t tag = find_tag(pos_);
    if (tag == std::string_view::npos) {
      add_data(pos_, source_.size());
      pos_ = source_.size();
      return;
    }
    const char type = source_[tag + 1];
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    const bool signed_tag = sign == '-' || sign == '+';
    add_data(pos_, stripped_end(pos_, tag, sign, type == '{'));
    const size_t inside = tag + 2 + signed_tag;
    if (type == '#') {
      comment(tag, inside);
    } else if (size_t body = 0; type == '%' && raw_begins(inside, body)) {
      raw(tag, body);
    } else {
      add(type == '%' ? TokenKind::block_begin : TokenKind::variable_begin, tag, 2);
      pos_ = inside;
      expression(type == '%');
    }
  }

  size_t find_tag(size_t from) const {
    for (size_t at = source_.find('{', from); at != std::string_view::npos; at = source_.find('{', at + 1)) {
      if (at + 1 >= source_.size()) break;
      const char next = source_[at + 1];
      if (next == '%' || next == '#' || next == '{') return at;
    }
    return std::string_view::npos;
  }

  // Where the text [begin, tag) ends once the blanks before the tag are taken away.
  size_t stripped_end(size_t begin, size_t tag, char sign, bool variable) const {
    const std::string_view text = source_.substr(begin, tag - begin);
    if (sign == '-') return begin + strip(text, {}, false, true).size();
    if (sign == '+' || variable) return tag;
    const size_t line = text.rfind('\n');
    if (line == std::string_view::npos && !line_starting_) return tag;
    const size_t tail = line == std::string_view::npos ? 0 : line + 1;
    return all_space(text.substr(tail)) ? begin + tail : tag;
  }

  size_t skip_blanks(size_t at) const {
    while (at < source_.size() && is_space(code_point_at(source_, at))) at = next_character(source_, at);
    return at;
  }

  // The end of a closing tag "%}" or "#}" whose sign stands at `at`, with the blanks it swallows.
  size_t close_tag(size_t at) {
    const bool dash = source_[at] == '-', plus = source_[at] == '+';
    size_t end = at + 2 + (dash || plus);
    if (dash) end = skip_blanks(end);
    else if (!plus && end < source_.size() && source_[end] == '\n') ++end;
    line_starting_ = source_[end - 1] == '\n';
    return end;
  }

  void comment(size_t tag, size_t inside) {
    const size_t close = source_.find("#}", inside);
    if (close == std::string_view::npos) syntax_error(position(tag), "the comment is not closed");
    const bool signed_close = close > inside && (source_[close - 1] == '-' || source_[close - 1] == '+');
    pos_ = close_tag(close - signed_close);
  }

  bool raw_begins(size_t inside, size_t& body) const {
    size_t at = skip_blanks(inside);
    if (source_.substr(at, 3) != "raw") return false;
    at = skip_blanks(at + 3);
    if (source_.substr(at, 3) == "-%}") body = skip_blanks(at + 3);
    else if (source_.substr(at, 2) == "%}") body = at + 2;
    else return false;
    return true;
  }

  void raw(size_t tag, size_t body) {
    for (size_t at = source_.find("{%", body); at != std::string_view::npos; at = source_.find("{%", at + 1)) {
      const char sign = at + 2 < source_.size() ? source_[at + 2] : '\0';
      size_t inside = skip_blanks(at + 2 + (sign == '-' || sign == '+'));
      if (source_.substr(inside, 6) != "endraw") continue;
      inside = skip_blanks(inside + 6);
      const size_t close = inside + (source_.substr(inside, 1) == "-" || source_.substr(inside, 1) == "+");
      if (source_.substr(close, 2) != "%}") continue;
      line_starting_ = source_[body - 1] == '\n';
      add_data(body, stripped_end(body, at, sign, false));
      pos_ = close_tag(inside);
      return;
    }
    syntax_error(position(tag), "the raw block is not closed");
  }

  // The tokens between "{{" and "}}" or "{%" and "%}".
  void expression(bool block) {
    const char close = block ? '%' : '}';
    std::string open_brackets;
    while (true) {
      pos_ = skip_blanks(pos_);
      if (pos_ >= source_.size()) return;  // the parser says what is missing
      if (open_brackets.empty() && ends_here(close)) return end_expression(block);
      const char c = source_[pos_];
      if (is_digit(c)) number();
      else if (is_name_start(c)) name();
      else if (c == '\'' || c == '"') string(c);
      else if (static_cast<unsigned char>(c) >= 0x80)
        unsupported_construct(position(pos_), "a name with characters beyond ASCII");
      else operation(open_brackets);
    }
  }

  bool ends_here(char close) const {
    const size_t at = pos_ + (source_[pos_] == '-' || (close == '%' && source_[pos_] == '+'));
    return at + 1 < source_.size() && source_[at] == close && source_[at + 1] == '}';
  }

  void end_expression(bool block) {
    if (block) {
      add(TokenKind::block_end, pos_, 2);
      pos_ = close_tag(pos_);
      return;
    }
    add(TokenKind::variable_end, pos_, 2);
    const bool dash = source_[pos_] == '-';
    pos_ += 2 + dash;
    if (dash) pos_ = skip_blanks(pos_);
    line_starting_ = source_[pos_ - 1] == '\n';
  }

  // Digits with single underscores between them; returns the end.
  template <class Digit>
  size_t digits(size_t at, const Digit& is) const {
    while (at < source_.size() &&
           (is(source_[at]) || (source_[at] == '_' && at + 1 < source_.size() && is(source_[at + 1]))))
      ++at;
    return at;
  }

  void number() {
    const size_t begin = pos_;
    const char second = begin + 1 < source_.size() ? static_cast<char>(source_[begin + 1] | 0x20) : '\0';
    const auto hex = [](char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); };
    if (source_[begin] == '0' && (second == 'x' || second == 'o' || second == 'b')) {
      const size_t end = digits(begin + 2, hex);
      if (end > begin + 2) return add_and_advance(TokenKind::integer, end);
    }
    const size_t whole = digits(begin, is_digit);
    size_t end = whole;
    const bool after_dot = begin > 0 && source_[begin - 1] == '.';
    if (!after_dot && end + 1 < source_.size() && source_[end] == '.' && is_digit(source_[end + 1]))
      end = digits(end + 1, is_digit);
    if (!after_dot && end < source_.size() && (source_[end] | 0x20) == 'e') {
      const size_t sign = end + 1 < source_.size() && (source_[end + 1] == '+' || source_[end + 1] == '-');
      if (end + 1 + sign < source_.size() && is_digit(source_[end + 1 + sign])) end = digits(end + 1 + sign, is_digit);
    }
    if (end > whole) return add_and_advance(TokenKind::real, end);
    // "007" is three tokens for jinja2, and then an error.
    if (source_[begin] == '0' && source_.substr(begin, whole - begin).find_first_not_of("0_") != std::string_view::npos)
      syntax_error(position(begin), "a number with a leading zero");
    add_and_advance(TokenKind::integer, whole);
  }

  void name() {
    size_t end = pos_;
    while (end < source_.size() && (is_name_start(source_[end]) || is_digit(source_[end]))) ++end;
    add_and_advance(TokenKind::name, end);
  }

  void string(char quote) {
    size_t end = pos_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) syntax_error(position(pos_), "the string is not closed");
    add(TokenKind::string, pos_ + 1, end - pos_ - 1);
    pos_ = end + 1;
  }

  void operation(std::string& open_brackets) {
    const std::string_view rest = source_.substr(pos_, 2);
    for (std::string_view two : {"//", "**", "==", "!=", ">=", "<="})
      if (rest == two) return add_and_advance(TokenKind::op, pos_ + 2);
    const char c = source_[pos_];
    if (std::string_view("+-/*%~[](){}><=.:|,;").find(c) == std::string_view::npos)
      syntax_error(position(pos_), message("unexpected character ", quoted(source_.substr(pos_, 1))));
    if (c == '(' || c == '[' || c == '{') open_brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c == ')' || c == ']' || c == '}') {
      if (open_brackets.empty() || open_brackets.back() != c)
        syntax_error(position(pos_), message("unexpected '", c, "'"));
      open_brackets.pop_back();
    }
    add_and_advance(TokenKind::op, pos_ + 1);
  }

  void add_data(size_t begin, size_t end) {
    if (end > begin) add(TokenKind::data, begin, end - begin);
  }

  void add_and_advance(TokenKind kind, size_t end) {
    add(kind, pos_, end - pos_);
    pos_ = end;
  }

  void add(TokenKind kind, size_t at, size_t size) {
    line_starting_ = false;
    tokens_.push_back({kind, position(at), source_.substr(at, size)});
  }

  // Tokens come in order, so the scan goes on from the last asked place.
  Position position(size_t at) {
    if (at < scanned_) scanned_ = 0, scanned_position_ = {};
    for (; scanned_ < at; ++scanned_) {
      if (source_[scanned_] == '\n') scanned_position_ = {scanned_position_.line + 1, 1};
      else if (!continues(source_[scanned_])) ++scanned_position_.column;
    }
    return scanned_position_;
  }

  std::string_view source_;
  std::vector<Token> tokens_;
  size_t pos_ = 0;
  bool line_starting_ = true;
  size_t scanned_ = 0;
  Position scanned_position_;
};

char32_t hex_escape(const Token& token, size_t& at, int digits) {
  char32_t value = 0;
  for (int i = 0; i < digits; ++i, ++at) {
    const char c = at < token.text.size() ? token.text[at] : '\0';
    const int digit = is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    if (digit < 0) syntax_error(token.position, "an escape in the string lacks hexadecimal digits");
    value = value * 16 + static_cast<char32_t>(digit);
  }
  if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
    unsupported_construct(token.position, "an escape that is no character");
  return value;
}

char32_t octal_escape(const Token& token, size_t& at) {
  char32_t value = 0;
  for (int i = 0; i < 3 && at < token.text.size() && token.text[at] >= '0' && token.text[at] <= '7'; ++i, ++at)
    value = value * 8 + static_cast<char32_t>(token.text[at] - '0');
  return value;
}

}  // namespace

void syntax_error(Position position, std::string_view what) {
  throw Error(Status::corrupt, message("chat template, line ", position.line, " column ", position.column, ": ", what));
}

void unsupported_construct(Position position, std::string_view what) {
  throw Error(Status::unsupported, message("chat template, line ", position.line, " column ", position.column, ": ",
                                           what, " is not supported"));
}

std::string normalised_source(std::string_view source) {
  if (source.size() > kLongestSource)
    throw Error(Status::unsupported,
                message("the chat template has ", source.size(), " bytes, the limit is ", kLongestSource));
  if (!is_utf8(source)) throw Error(Status::corrupt, "the chat template is not UTF-8 text");
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') out += source[i];
    else if (i + 1 == source.size() || source[i + 1] != '\n') out += '\n';
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::vector<Token> tokenize(std::string_view source) { return Lexer(source).run(); }

std::string unescaped(const Token& token) {
  constexpr std::string_view kLetters = "abfnrtv\\'\"";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
  const std::string_view text = token.text;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 >= text.size()) {
      out += text[at++];
      continue;
    }
    const char c = text[at + 1];
    at += 2;
    if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) out += kMeanings[letter];
    else if (c == '\n') continue;
    else if (c == 'x') append_utf8(hex_escape(token, at, 2), out);
    else if (c == 'u') append_utf8(hex_escape(token, at, 4), out);
    else if (c == 'U') append_utf8(hex_escape(token, at, 8), out);
    else if (c == 'N') unsupported_construct(token.position, "an escape by character name");
    else if (c >= '0' && c <= '7') append_utf8(octal_escape(token, --at), out);
    else (out += '\\') += c;
  }
  return out;
}

}  // namespace hadal::jinja
