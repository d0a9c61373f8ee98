// A parsed template. Everything is immutable after parsing, so that threads may render at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/value.hpp"

namespace hadal::jinja {

struct Position {
  uint32_t line = 1;
  uint32_t column = 1;  // in code points
};

struct FilterEntry;
struct TestEntry;
struct Expr;
struct Statement;
using ExprPtr = std::unique_ptr<Expr>;
using Block = std::vector<std::unique_ptr<Statement>>;

enum class ExprKind : uint8_t {
  constant,             // constant
  name,                 // name
  namespace_reference,  // name.attribute, only as a target of set
  attribute,            // operands[0].name
  item,                 // operands[0][operands[1]]
  slice,                // operands[0][operands[1]:operands[2]:operands[3]], the last three may be null
  call,                 // operands[0](operands[1...], keywords, *star, **double_star)
  filter,               // operands[0]|name(...) as call; operands[0] is null for what a block made
  test,                 // operands[0] is name(...) as call
  negative,
  positive,
  logical_not,
  logical_and,          // all operands, left to right
  logical_or,
  arithmetic,           // operands[0] operators[0] operands[1] operators[1] ...
  compare,              // the same, chained as in Python
  concat,               // operands[0] ~ operands[1] ~ ...
  conditional,          // operands[0] if operands[1] else operands[2], the last may be null
  list,
  tuple,
  dict,                 // key, value, key, value ...
};

enum class Operator : uint8_t { add, sub, mul, div, floordiv, mod, pow, eq, ne, lt, le, gt, ge, in, not_in };

struct Expr {
  ExprKind kind = ExprKind::constant;
  Position position;
  int depth = 1;
  std::string name, attribute;
  Value constant;
  std::vector<ExprPtr> operands;
  std::vector<Operator> operators;
  std::vector<std::pair<std::string, ExprPtr>> keywords;
  ExprPtr star, double_star;
  const FilterEntry* filter = nullptr;  // null: no such filter, an error only if it is reached
  const TestEntry* test = nullptr;
};

struct Parameter {
  std::string name;
  ExprPtr fallback;  // may be null
};

struct MacroNode {
  std::string name;
  std::vector<Parameter> parameters;
  Block body;
  bool uses_caller = false, uses_kwargs = false, uses_varargs = false;
};

enum class StatementKind : uint8_t {
  data,          // text
  print,         // value
  set,           // target = value
  set_block,     // target = body, through value (a filter chain) if there is one
  for_loop,      // target in value, if test: body, else otherwise
  if_chain,      // branches, otherwise
  macro,         // macro
  call_block,    // value is a call; macro is its caller
  filter_block,  // body through value
  with,          // targets[i] = values[i]: body
  scope,         // body with its own variables
  break_loop,
  continue_loop,
};

struct Branch {
  ExprPtr test;
  Block body;
};

struct Statement {
  StatementKind kind = StatementKind::data;
  Position position;
  Value text;
  ExprPtr target, value, test;
  std::vector<ExprPtr> targets, values;
  std::vector<Branch> branches;
  std::unique_ptr<MacroNode> macro;
  Block body, otherwise;
};

}  // namespace hadal::jinja
