#include "rag/readers/markup.hpp"

#include <algorithm>
#include <iterator>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/text_encoding.hpp"

namespace hadal::rag {
namespace {

struct NamedCharacter {
  std::string_view name;
  char32_t character;
};
#include "rag/readers/tables/html_entities.inc"

bool is_markup_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_name_start(char c) { return is_letter(char32_t(uint8_t(c))) || c == '_' || uint8_t(c) >= 0x80; }

std::string_view without_prefix(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

// The character of a reference without & and ;, or 0.
char32_t referenced(std::string_view body, MarkupReader::Dialect dialect) {
  if (body.size() > 1 && body[0] == '#') {
    const bool hex = body[1] == 'x' || body[1] == 'X';
    char32_t c = 0;
    for (const char character : body.substr(hex ? 2 : 1)) {
      const int digit = hex_digit(character), base = hex ? 16 : 10;
      if (digit < 0 || digit >= base) return 0;
      c = c * char32_t(base) + char32_t(digit);
      if (c > 0x10FFFF) return 0xFFFD;
    }
    if (c >= 0x80 && c < 0xA0 && dialect == MarkupReader::Dialect::html) c = windows_1252_character(uint8_t(c));
    return c == 0 ? char32_t(0xFFFD) : c;
  }
  if (dialect == MarkupReader::Dialect::xml) {
    if (body == "amp") return '&';
    if (body == "lt") return '<';
    if (body == "gt") return '>';
    if (body == "quot") return '"';
    if (body == "apos") return '\'';
    return 0;
  }
  const auto found =
      std::lower_bound(std::begin(kNamedCharacters), std::end(kNamedCharacters), body,
                       [](const NamedCharacter& entry, std::string_view name) { return entry.name < name; });
  return found != std::end(kNamedCharacters) && found->name == body ? found->character : 0;
}

}  // namespace

void append_decoded(std::string_view raw, MarkupReader::Dialect dialect, std::string& out) {
  constexpr size_t kLongestReference = 32;
  for (size_t at = 0; at < raw.size();) {
    const size_t ampersand = std::min(raw.find('&', at), raw.size());
    out += raw.substr(at, ampersand - at);
    if (ampersand == raw.size()) return;
    const std::string_view rest = raw.substr(ampersand + 1, kLongestReference);
    const size_t end = rest.find(';');
    const char32_t c = end == rest.npos ? 0 : referenced(rest.substr(0, end), dialect);
    if (c) append_character(c, out);
    else out += '&';
    at = ampersand + 1 + (c ? end + 1 : 0);
  }
}

int whole_number(std::string_view text, int otherwise) {
  int value = 0;
  if (text.empty() || text.size() > 9) return otherwise;
  for (const char c : text) {
    if (c < '0' || c > '9') return otherwise;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::string_view declared_encoding(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 4096);
  for (const std::string_view key : {"charset", "encoding"}) {
    for (size_t at = head.find(key); at != head.npos; at = head.find(key, at + 1)) {
      size_t value = at + key.size();
      while (value < head.size() && is_markup_space(head[value])) ++value;
      if (value >= head.size() || head[value] != '=') continue;
      ++value;
      while (value < head.size() && (is_markup_space(head[value]) || head[value] == '"' || head[value] == '\''))
        ++value;
      const size_t end = head.find_first_of("\"' />;\t\r\n?", value);
      if (end != head.npos && end > value) return head.substr(value, end - value);
    }
  }
  return {};
}

MarkupReader::Token MarkupReader::next() {
  if (pending_end_) {
    pending_end_ = false;
    self_closing_ = false;
    return Token::end;
  }
  if (!skip_to_end_of_.empty()) skip_raw_element();
  while (at_ < text_.size()) {
    if (text_[at_] != '<') {
      const size_t end = std::min(text_.find('<', at_), text_.size());
      raw_ = text_.substr(at_, end - at_);
      literal_ = false;
      at_ = end;
      return Token::text;
    }
    const std::string_view rest = text_.substr(at_);
    const auto pass = [&](std::string_view closing, size_t from) {
      const size_t end = text_.find(closing, at_ + from);
      cut_off_ = cut_off_ || end == text_.npos;
      at_ = end == text_.npos ? text_.size() : end + closing.size();
      return end;
    };
    if (rest.starts_with("<!--")) {
      pass("-->", 4);
    } else if (rest.starts_with("<![CDATA[")) {
      const size_t begin = at_ + 9;
      const size_t end = std::min(pass("]]>", 9), text_.size());
      raw_ = text_.substr(begin, end - begin);
      literal_ = true;
      return Token::text;
    } else if (rest.starts_with("<!")) {
      // A document type may hold declarations in brackets; nothing in it is used.
      const size_t bracket = text_.find_first_of("[>", at_);
      if (bracket != text_.npos && text_[bracket] == '[') pass("]", bracket - at_);
      pass(">", 0);
    } else if (rest.starts_with("<?")) {
      pass(dialect_ == Dialect::xml ? "?>" : ">", 2);
    } else if (rest.size() > 1 && (is_name_start(rest[1]) || rest[1] == '/')) {
      return read_tag();
    } else {   // a lone <
      raw_ = rest.substr(0, 1);
      literal_ = true;
      ++at_;
      return Token::text;
    }
  }
  return Token::finished;
}

MarkupReader::Token MarkupReader::read_tag() {
  const bool closing = text_[at_ + 1] == '/';
  const size_t begin = at_ + (closing ? 2 : 1);
  size_t end = begin;
  while (end < text_.size() && !is_markup_space(text_[end]) && text_[end] != '>' && text_[end] != '/') ++end;
  name_ = without_prefix(text_.substr(begin, end - begin));
  if (dialect_ == Dialect::html) {
    lowered_ = lower_ascii(name_);
    name_ = lowered_;
  }
  const size_t attributes = end;
  char quote = 0;
  for (; end < text_.size(); ++end) {
    const char c = text_[end];
    if (quote) {
      if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') && !closing && end > attributes && text_[end - 1] == '=') {
      quote = c;
    } else if (c == '>') {
      break;
    }
  }
  if (end >= text_.size() && quote && dialect_ == Dialect::html) {   // a quote never closed: the tag ends at the next >
    end = std::min(text_.find('>', attributes), text_.size());
  }
  cut_off_ = cut_off_ || end >= text_.size();
  attributes_ = text_.substr(attributes, end - attributes);
  at_ = std::min(end + 1, text_.size());
  self_closing_ = !closing && attributes_.ends_with('/');
  if (self_closing_) attributes_.remove_suffix(1);
  if (closing) return Token::end;
  if (dialect_ == Dialect::html) {
    for (const std::string_view raw :
         {"script", "style", "noscript", "template", "svg", "math", "iframe", "object", "select"})
      if (name_ == raw && !self_closing_) skip_to_end_of_ = raw;
  } else if (self_closing_) {
    pending_end_ = true;
  }
  return Token::start;
}

// Moves before </name>, so that its end is the next token.
void MarkupReader::skip_raw_element() {
  const std::string name = std::move(skip_to_end_of_);
  skip_to_end_of_.clear();
  for (size_t at = text_.find("</", at_); at != text_.npos; at = text_.find("</", at + 2))
    if (lower_ascii(text_.substr(at + 2, name.size())) == name) {
      at_ = at;
      return;
    }
  at_ = text_.size();
}

bool MarkupReader::attribute(std::string_view local_name, std::string& value) const {
  const std::string_view text = attributes_;
  const bool qualified = local_name.find(':') != local_name.npos;
  for (size_t at = 0; at < text.size();) {
    while (at < text.size() && (is_markup_space(text[at]) || text[at] == '/')) ++at;
    const size_t begin = at;
    while (at < text.size() && text[at] != '=' && !is_markup_space(text[at])) ++at;
    const std::string_view whole = text.substr(begin, at - begin);
    const std::string_view found = qualified ? whole : without_prefix(whole);
    while (at < text.size() && is_markup_space(text[at])) ++at;
    std::string_view raw;
    if (at < text.size() && text[at] == '=') {
      ++at;
      while (at < text.size() && is_markup_space(text[at])) ++at;
      const char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') ? text[at] : '\0';
      if (quote) ++at;
      const size_t start = at;
      while (at < text.size() && (quote ? text[at] != quote : !is_markup_space(text[at]))) ++at;
      raw = text.substr(start, at - start);
      if (quote && at < text.size()) ++at;
    }
    if (at == begin) ++at;
    if (dialect_ == Dialect::html ? lower_ascii(found) == local_name : found == local_name) {
      value.clear();
      append_decoded(raw, dialect_, value);
      return true;
    }
  }
  return false;
}

std::string MarkupReader::attribute(std::string_view local_name) const {
  std::string value;
  attribute(local_name, value);
  return value;
}

void MarkupReader::append_text(std::string& out) const {
  if (literal_) out += raw_;
  else append_decoded(raw_, dialect_, out);
}

void MarkupReader::skip_element() {
  for (size_t depth = 1; depth > 0;) {
    const Token token = next();
    if (token == Token::finished) return;
    if (token == Token::start) ++depth;
    if (token == Token::end) --depth;
  }
}

}  // namespace hadal::rag
