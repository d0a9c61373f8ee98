#include "chat/expression_parser.hpp"

#include <algorithm>

#include "chat/filters.hpp"
#include "chat/number_text.hpp"

namespace hadal::jinja {
namespace {

constexpr int kDeepestNesting = 64;   // of brackets, conditions and blocks
constexpr int kDeepestTree = 160;     // of an expression; a.b.c.d grows it without nesting

bool reserved(std::string_view name) {
  for (std::string_view word : {"true", "false", "none", "True", "False", "None"})
    if (name == word) return true;
  return false;
}

}  // namespace

void ExpressionParser::enter() {
  if (++nesting_ <= kDeepestNesting) return;
  --nesting_;
  unsupported_construct(current().position, message("nesting deeper than ", kDeepestNesting));
}

ExprPtr ExpressionParser::make(ExprKind kind, Position position) {
  auto node = std::make_unique<Expr>();
  node->kind = kind;
  node->position = position;
  return node;
}

ExprPtr ExpressionParser::finish(ExprPtr node) {
  int deepest = 0;
  const auto look = [&](const ExprPtr& child) { deepest = child ? std::max(deepest, child->depth) : deepest; };
  for (const ExprPtr& operand : node->operands) look(operand);
  for (const auto& keyword : node->keywords) look(keyword.second);
  look(node->star);
  look(node->double_star);
  node->depth = deepest + 1;
  if (node->depth > kDeepestTree)
    unsupported_construct(node->position, message("an expression deeper than ", kDeepestTree));
  return node;
}

bool ExpressionParser::skip_op(std::string_view op) {
  if (!current().is_op(op)) return false;
  take();
  return true;
}

bool ExpressionParser::skip_name(std::string_view name) {
  if (!current().is_name(name)) return false;
  take();
  return true;
}

void ExpressionParser::unexpected(std::string_view wanted) const {
  const Token& token = current();
  const std::string found = token.kind == TokenKind::end         ? "the end of the template"
                            : token.kind == TokenKind::block_end ? "the end of the tag"
                            : token.kind == TokenKind::variable_end ? "the end of the print tag"
                                                                 : quoted(token.text);
  syntax_error(token.position, message("expected ", wanted, ", found ", found));
}

const Token& ExpressionParser::expect(TokenKind kind, std::string_view what) {
  if (current().kind != kind) unexpected(what);
  return take();
}

void ExpressionParser::expect_op(std::string_view op) {
  if (!skip_op(op)) unexpected(message("'", op, "'"));
}

void ExpressionParser::expect_name(std::string_view name) {
  if (!skip_name(name)) unexpected(message("'", name, "'"));
}

ExprPtr ExpressionParser::expression(bool with_conditional) {
  const Nesting guard(*this);
  return with_conditional ? conditional() : logical_or();
}

ExprPtr ExpressionParser::conditional() {
  Position position = current().position;
  ExprPtr node = logical_or();
  while (skip_name("if")) {
    auto choice = make(ExprKind::conditional, position);
    const bool outer = std::exchange(conditional_, true);
    choice->operands.push_back(std::move(node));
    choice->operands.push_back(logical_or());
    choice->operands.push_back(skip_name("else") ? expression() : nullptr);
    conditional_ = outer;
    node = finish(std::move(choice));
    position = current().position;
  }
  return node;
}

template <class Next>
ExprPtr ExpressionParser::chain(ExprKind kind, const Next& next,
                                std::initializer_list<std::pair<std::string_view, Operator>> operators) {
  const Position position = current().position;
  ExprPtr first = next();
  ExprPtr node;
  while (true) {
    const auto found = std::find_if(operators.begin(), operators.end(), [&](const auto& entry) {
      return current().is_op(entry.first);
    });
    if (found == operators.end()) break;
    if (!node) {
      node = make(kind, position);
      node->operands.push_back(std::move(first));
    }
    take();
    node->operators.push_back(found->second);
    node->operands.push_back(next());
  }
  return node ? finish(std::move(node)) : std::move(first);
}

ExprPtr ExpressionParser::logical_or() {
  const Position position = current().position;
  ExprPtr first = logical_and();
  if (!current().is_name("or")) return first;
  auto node = make(ExprKind::logical_or, position);
  node->operands.push_back(std::move(first));
  while (skip_name("or")) node->operands.push_back(logical_and());
  return finish(std::move(node));
}

ExprPtr ExpressionParser::logical_and() {
  const Position position = current().position;
  ExprPtr first = logical_not();
  if (!current().is_name("and")) return first;
  auto node = make(ExprKind::logical_and, position);
  node->operands.push_back(std::move(first));
  while (skip_name("and")) node->operands.push_back(logical_not());
  return finish(std::move(node));
}

ExprPtr ExpressionParser::logical_not() {
  const Position position = current().position;
  if (!skip_name("not")) return comparison();
  const Nesting guard(*this);
  auto node = make(ExprKind::logical_not, position);
  node->operands.push_back(logical_not());
  return finish(std::move(node));
}

ExprPtr ExpressionParser::comparison() {
  constexpr std::pair<std::string_view, Operator> kOperators[] = {{"==", Operator::eq}, {"!=", Operator::ne},
                                                                  {"<", Operator::lt},  {"<=", Operator::le},
                                                                  {">", Operator::gt},  {">=", Operator::ge}};
  const Position position = current().position;
  ExprPtr first = sum();
  ExprPtr node;
  const auto add = [&](Operator op, int tokens) {
    if (!node) {
      node = make(ExprKind::compare, position);
      node->operands.push_back(std::move(first));
    }
    while (tokens-- > 0) take();
    node->operators.push_back(op);
    node->operands.push_back(sum());
  };
  while (true) {
    const auto* found = std::find_if(std::begin(kOperators), std::end(kOperators), [&](const auto& entry) {
      return current().is_op(entry.first);
    });
    if (found != std::end(kOperators)) add(found->second, 1);
    else if (current().is_name("in")) add(Operator::in, 1);
    else if (current().is_name("not") && ahead().is_name("in")) add(Operator::not_in, 2);
    else break;
  }
  return node ? finish(std::move(node)) : std::move(first);
}

ExprPtr ExpressionParser::sum() {
  return chain(ExprKind::arithmetic, [this] { return concat(); }, {{"+", Operator::add}, {"-", Operator::sub}});
}

ExprPtr ExpressionParser::concat() {
  const Position position = current().position;
  ExprPtr first = product();
  if (!current().is_op("~")) return first;
  auto node = make(ExprKind::concat, position);
  node->operands.push_back(std::move(first));
  while (skip_op("~")) node->operands.push_back(product());
  return finish(std::move(node));
}

ExprPtr ExpressionParser::product() {
  return chain(ExprKind::arithmetic, [this] { return power(); },
               {{"*", Operator::mul}, {"/", Operator::div}, {"//", Operator::floordiv}, {"%", Operator::mod}});
}

// Left to right, unlike Python's.
ExprPtr ExpressionParser::power() {
  return chain(ExprKind::arithmetic, [this] { return unary(true); }, {{"**", Operator::pow}});
}

ExprPtr ExpressionParser::unary(bool with_filter) {
  const Position position = current().position;
  ExprPtr node;
  if (current().is_op("-") || current().is_op("+")) {
    const Nesting guard(*this);
    node = make(take().text == "-" ? ExprKind::negative : ExprKind::positive, position);
    node->operands.push_back(unary(false));
    node = finish(std::move(node));
  } else {
    node = primary();
  }
  node = postfix(std::move(node));
  return with_filter ? filters_and_tests(std::move(node)) : std::move(node);
}

ExprPtr ExpressionParser::constant(Value value, Position position) {
  auto node = make(ExprKind::constant, position);
  node->constant = std::move(value);
  return node;
}

ExprPtr ExpressionParser::primary(bool with_namespace) {
  const Token& token = current();
  if (token.kind == TokenKind::name) {
    take();
    if (token.text == "true" || token.text == "True") return constant(true, token.position);
    if (token.text == "false" || token.text == "False") return constant(false, token.position);
    if (token.text == "none" || token.text == "None") return constant(None{}, token.position);
    const bool reference = with_namespace && skip_op(".");
    auto node = make(reference ? ExprKind::namespace_reference : ExprKind::name, token.position);
    node->name = token.text;
    if (reference) node->attribute = expect(TokenKind::name, "the name of an attribute").text;
    for (SpecialNames& macro : macros_) {
      macro.caller = macro.caller || node->name == "caller";
      macro.kwargs = macro.kwargs || node->name == "kwargs";
      macro.varargs = macro.varargs || node->name == "varargs";
    }
    return node;
  }
  if (token.kind == TokenKind::string) {
    std::string text;
    while (current().kind == TokenKind::string) text += unescaped(take());
    return constant(Value::text(std::move(text)), token.position);
  }
  if (token.kind == TokenKind::integer) {
    take();
    const auto value = parse_integer(token.text, 0);
    if (!value) syntax_error(token.position, message("expected a number, found ", quoted(token.text)));
    return constant(*value, token.position);
  }
  if (token.kind == TokenKind::real) {
    take();
    const auto value = parse_real(token.text);
    if (!value) syntax_error(token.position, message("expected a number, found ", quoted(token.text)));
    return constant(*value, token.position);
  }
  if (skip_op("(")) {
    const Nesting guard(*this);
    if (skip_op(")")) return make(ExprKind::tuple, token.position);
    ExprPtr node = tuple_or_expression();
    expect_op(")");
    return node;
  }
  if (token.is_op("[")) return list();
  if (token.is_op("{")) return dict();
  unexpected("an expression");
}

ExprPtr ExpressionParser::tuple_or_expression(bool with_conditional, std::string_view end_name) {
  const Position position = current().position;
  const auto ends = [&] {
    const Token& token = current();
    return token.kind == TokenKind::variable_end || token.kind == TokenKind::block_end || token.is_op(")") ||
           (!end_name.empty() && token.is_name(end_name));
  };
  ExprPtr first = expression(with_conditional);
  if (!current().is_op(",")) return first;
  auto node = make(ExprKind::tuple, position);
  node->operands.push_back(std::move(first));
  while (skip_op(",") && !ends()) node->operands.push_back(expression(with_conditional));
  return finish(std::move(node));
}

ExprPtr ExpressionParser::target_item(bool with_namespace) {
  const Nesting guard(*this);
  if (current().is_op("(")) {
    take();
    ExprPtr inner = target(with_namespace, {});
    expect_op(")");
    return inner;
  }
  const Token& token = current();
  if (token.kind != TokenKind::name || reserved(token.text)) unexpected("a name to assign to");
  if (token.text == "loop") syntax_error(token.position, "loop cannot be assigned to");
  return primary(with_namespace);
}

ExprPtr ExpressionParser::target(bool with_namespace, std::string_view end_name) {
  const Position position = current().position;
  ExprPtr first = target_item(with_namespace);
  if (!current().is_op(",")) return first;
  auto node = make(ExprKind::tuple, position);
  node->operands.push_back(std::move(first));
  while (skip_op(",")) {
    if (current().kind != TokenKind::name && !current().is_op("(")) break;
    if (!end_name.empty() && current().is_name(end_name)) break;
    node->operands.push_back(target_item(with_namespace));
  }
  return finish(std::move(node));
}

ExprPtr ExpressionParser::list() {
  const Nesting guard(*this);
  auto node = make(ExprKind::list, take().position);
  while (!current().is_op("]")) {
    if (!node->operands.empty()) expect_op(",");
    if (current().is_op("]")) break;
    node->operands.push_back(expression());
  }
  take();
  return finish(std::move(node));
}

ExprPtr ExpressionParser::dict() {
  const Nesting guard(*this);
  auto node = make(ExprKind::dict, take().position);
  while (!current().is_op("}")) {
    if (!node->operands.empty()) expect_op(",");
    if (current().is_op("}")) break;
    node->operands.push_back(expression());
    expect_op(":");
    node->operands.push_back(expression());
  }
  take();
  return finish(std::move(node));
}

ExprPtr ExpressionParser::call_of(ExprPtr callee) {
  auto call = make(ExprKind::call, current().position);
  call->operands.push_back(std::move(callee));
  arguments(*call);
  return finish(std::move(call));
}

ExprPtr ExpressionParser::postfix(ExprPtr node) {
  while (true) {
    if (current().is_op(".") || current().is_op("[")) {
      node = subscript(std::move(node));
    } else if (current().is_op("(")) {
      node = call_of(std::move(node));
    } else {
      return node;
    }
  }
}

ExprPtr ExpressionParser::filters_and_tests(ExprPtr node) {
  while (true) {
    if (current().is_op("|")) {
      node = filter_chain(std::move(node), false);
    } else if (current().is_name("is")) {
      node = test(std::move(node));
    } else if (current().is_op("(")) {
      node = call_of(std::move(node));
    } else {
      return node;
    }
  }
}

ExprPtr ExpressionParser::subscript(ExprPtr object) {
  const Token& mark = take();
  if (mark.text == "[") {
    const Nesting guard(*this);
    ExprPtr node = subscripted(std::move(object), mark.position);
    expect_op("]");
    return finish(std::move(node));
  }
  const Token& name = take();
  if (name.kind == TokenKind::integer) {
    auto node = make(ExprKind::item, mark.position);
    node->operands.push_back(std::move(object));
    const auto index = parse_integer(name.text, 0);
    if (!index) syntax_error(name.position, "expected a name or a number after '.'");
    node->operands.push_back(constant(*index, name.position));
    return finish(std::move(node));
  }
  if (name.kind != TokenKind::name) syntax_error(name.position, "expected a name or a number after '.'");
  auto node = make(ExprKind::attribute, mark.position);
  node->operands.push_back(std::move(object));
  node->name = name.text;
  return finish(std::move(node));
}

// What stands between the brackets: one key, a slice, or several keys that make a tuple.
ExprPtr ExpressionParser::subscripted(ExprPtr object, Position position) {
  const auto part_ends = [&] { return current().is_op(":") || current().is_op("]"); };
  ExprPtr first = current().is_op(":") ? nullptr : expression();
  if (!current().is_op(":")) {
    auto node = make(ExprKind::item, position);
    node->operands.push_back(std::move(object));
    if (current().is_op(",")) {
      auto key = make(ExprKind::tuple, position);
      key->operands.push_back(std::move(first));
      while (skip_op(",") && !current().is_op("]")) key->operands.push_back(expression());
      first = finish(std::move(key));
    }
    node->operands.push_back(std::move(first));
    return node;
  }
  auto node = make(ExprKind::slice, position);
  node->operands.push_back(std::move(object));
  node->operands.push_back(std::move(first));
  take();
  node->operands.push_back(part_ends() ? nullptr : expression());
  const bool has_step = skip_op(":") && !part_ends();
  node->operands.push_back(has_step ? expression() : nullptr);
  return node;
}

void ExpressionParser::arguments(Expr& call) {
  const Nesting guard(*this);
  const Position position = current().position;
  expect_op("(");
  bool first = true;
  const auto in_order = [&](bool holds) {
    if (!holds) syntax_error(position, "the arguments of the call are out of order");
  };
  while (!current().is_op(")")) {
    if (!first) {
      expect_op(",");
      if (current().is_op(")")) break;
    }
    first = false;
    if (skip_op("*")) {
      in_order(!call.star && !call.double_star);
      call.star = expression();
    } else if (skip_op("**")) {
      in_order(!call.double_star);
      call.double_star = expression();
    } else if (current().kind == TokenKind::name && ahead().is_op("=")) {
      in_order(!call.double_star);
      std::string name(take().text);
      take();
      call.keywords.emplace_back(std::move(name), expression());
    } else {
      in_order(!call.star && !call.double_star && call.keywords.empty());
      call.operands.push_back(expression());
    }
  }
  take();
}

ExprPtr ExpressionParser::filter_chain(ExprPtr node, bool start_inline) {
  while (start_inline || skip_op("|")) {
    start_inline = false;
    const Token& token = expect(TokenKind::name, "the name of a filter");
    auto filter = make(ExprKind::filter, token.position);
    filter->name = token.text;
    while (skip_op(".")) filter->name += message(".", expect(TokenKind::name, "the name of a filter").text);
    filter->filter = find_filter(filter->name);
    if (!filter->filter && !conditional_)
      unsupported_construct(token.position, message("the filter ", quoted(filter->name)));
    filter->operands.push_back(std::move(node));
    if (current().is_op("(")) arguments(*filter);
    node = finish(std::move(filter));
  }
  return node;
}

ExprPtr ExpressionParser::test(ExprPtr node) {
  const Position position = take().position;
  const bool negated = skip_name("not");
  auto test = make(ExprKind::test, position);
  test->name = expect(TokenKind::name, "the name of a test").text;
  while (skip_op(".")) test->name += message(".", expect(TokenKind::name, "the name of a test").text);
  test->test = find_test(test->name);
  if (!test->test && !conditional_) unsupported_construct(position, message("the test ", quoted(test->name)));
  test->operands.push_back(std::move(node));
  const Token& next = current();
  const bool operand = next.kind == TokenKind::name || next.kind == TokenKind::string ||
                       next.kind == TokenKind::integer || next.kind == TokenKind::real || next.is_op("[") ||
                       next.is_op("{");
  if (next.is_op("(")) {
    arguments(*test);
  } else if (operand && !next.is_name("else") && !next.is_name("or") && !next.is_name("and")) {
    if (next.is_name("is")) syntax_error(next.position, "tests cannot be chained with is");
    test->operands.push_back(postfix(primary()));
  }
  node = finish(std::move(test));
  if (!negated) return node;
  auto opposite = make(ExprKind::logical_not, position);
  opposite->operands.push_back(std::move(node));
  return finish(std::move(opposite));
}

}  // namespace hadal::jinja
