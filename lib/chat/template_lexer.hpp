// Splits template source into tokens, with the blanks around tags removed as jinja2 does under trim_blocks and
// lstrip_blocks, the way chat templates are compiled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/template_ast.hpp"

namespace hadal::jinja {

enum class TokenKind : uint8_t {
  data,
  block_begin,
  block_end,
  variable_begin,
  variable_end,
  name,
  string,
  integer,
  real,
  op,
  end
};

struct Token {
  TokenKind kind;
  Position position;
  std::string_view text;  // as in the source; a string without its quotes

  bool is(TokenKind k, std::string_view t) const { return kind == k && text == t; }
  bool is_op(std::string_view t) const { return is(TokenKind::op, t); }
  bool is_name(std::string_view t) const { return is(TokenKind::name, t); }
};

// Line ends as \n, and the last one gone: what jinja2 parses. Error(corrupt) if the source is not UTF-8,
// Error(unsupported) if it is longer than any template should be.
std::string normalised_source(std::string_view source);

// The tokens of a normalised source, which must outlive them; the last one has kind `end`. Throws Error(corrupt).
std::vector<Token> tokenize(std::string_view source);

// The text a string literal stands for. Error(corrupt) for a bad escape.
std::string unescaped(const Token& token);

[[noreturn]] void syntax_error(Position position, std::string_view what);
[[noreturn]] void unsupported_construct(Position position, std::string_view what);

}  // namespace hadal::jinja
