// The expressions of a template. Statements are in interpreter.cpp.
#include <utility>

#include "chat/builtins.hpp"
#include "chat/interpreter.hpp"
#include "chat/operators.hpp"

namespace hadal::jinja {

Value Interpreter::evaluate(const Expr& expr, Scope& scope) {
  const Depth guard(*this);
  place_ = expr.position;
  switch (expr.kind) {
    case ExprKind::constant: return expr.constant;
    case ExprKind::name: return evaluate_name(expr, scope);
    case ExprKind::attribute: {
      const Value object = evaluate(*expr.operands[0], scope);
      place_ = expr.position;
      return attribute(object, expr.name);
    }
    case ExprKind::item: {
      const Value object = evaluate(*expr.operands[0], scope);
      const Value key = evaluate(*expr.operands[1], scope);
      place_ = expr.position;
      return item(object, key);
    }
    case ExprKind::slice: return evaluate_slice(expr, scope);
    case ExprKind::call: return evaluate_call(expr, scope);
    case ExprKind::filter: return evaluate_filter(expr, scope, nullptr);
    case ExprKind::test: return evaluate_test(expr, scope);
    case ExprKind::negative: return negative(evaluate(*expr.operands[0], scope));
    case ExprKind::positive: return positive(evaluate(*expr.operands[0], scope));
    case ExprKind::logical_not: return !truthy(evaluate(*expr.operands[0], scope));
    case ExprKind::logical_and: return evaluate_logical(expr, scope, false);
    case ExprKind::logical_or: return evaluate_logical(expr, scope, true);
    case ExprKind::arithmetic: return evaluate_arithmetic(expr, scope);
    case ExprKind::compare: return evaluate_compare(expr, scope);
    case ExprKind::concat: return evaluate_concat(expr, scope);
    case ExprKind::conditional: return evaluate_conditional(expr, scope);
    case ExprKind::list: return evaluate_items(expr, scope, SequenceKind::list);
    case ExprKind::tuple: return evaluate_items(expr, scope, SequenceKind::tuple);
    case ExprKind::dict: return evaluate_dict(expr, scope);
    case ExprKind::namespace_reference: break;  // only ever a target
  }
  return None{};
}

Value Interpreter::evaluate_name(const Expr& expr, Scope& scope) {
  for (const Scope* around = &scope; around; around = around->parent) {
    budget_.step(around->variables.size() / 16);
    if (const Value* value = around->find(expr.name)) return *value;
  }
  Value global;
  if (find_global(expr.name, global)) return global;
  return Value::undefined(message("'", expr.name, "' is undefined"));
}

Value Interpreter::evaluate_slice(const Expr& expr, Scope& scope) {
  const Value object = evaluate(*expr.operands[0], scope);
  Value bounds[3];
  for (size_t i = 0; i < 3; ++i)
    if (expr.operands[i + 1]) bounds[i] = evaluate(*expr.operands[i + 1], scope);
  place_ = expr.position;
  return slice(object, bounds[0], bounds[1], bounds[2], budget_);
}

// operands[0] is what is called or filtered; the arguments follow it.
Arguments Interpreter::evaluate_arguments(const Expr& call, Scope& scope) {
  Arguments arguments;
  for (size_t i = 1; i < call.operands.size(); ++i) arguments.positional.push_back(evaluate(*call.operands[i], scope));
  if (call.star)
    for (Value& value : to_items(evaluate(*call.star, scope), budget_))
      arguments.positional.push_back(std::move(value));
  for (const auto& [name, value] : call.keywords) arguments.keywords.emplace_back(name, evaluate(*value, scope));
  if (!call.double_star) return arguments;
  const Value more = evaluate(*call.double_star, scope);
  if (!more.as_dict()) type_error(message("expected a dict after **, found ", type_name(more)));
  budget_.items(more.as_dict()->entries.size());
  for (const auto& [key, value] : more.as_dict()->entries) {
    if (!key.as_text()) type_error("the keys of a dict after ** must be texts");
    arguments.keywords.emplace_back(key.as_text()->bytes, value);
  }
  return arguments;
}

Value Interpreter::evaluate_call(const Expr& expr, Scope& scope) {
  const Value callee = evaluate(*expr.operands[0], scope);
  const Arguments arguments = evaluate_arguments(expr, scope);
  place_ = expr.position;
  return call(callee, arguments);
}

Value Interpreter::evaluate_filter(const Expr& expr, Scope& scope, const Value* block_text) {
  const Depth guard(*this);
  Value input;
  if (!expr.operands[0]) input = *block_text;
  else if (expr.operands[0]->kind == ExprKind::filter) input = evaluate_filter(*expr.operands[0], scope, block_text);
  else input = evaluate(*expr.operands[0], scope);
  const Arguments arguments = evaluate_arguments(expr, scope);
  place_ = expr.position;
  if (!expr.filter) throw Error(Status::unsupported, message("the filter ", quoted(expr.name), " is not supported"));
  return expr.filter->apply(*this, input, arguments);
}

Value Interpreter::evaluate_test(const Expr& expr, Scope& scope) {
  const Value input = evaluate(*expr.operands[0], scope);
  const Arguments arguments = evaluate_arguments(expr, scope);
  place_ = expr.position;
  if (!expr.test) throw Error(Status::unsupported, message("the test ", quoted(expr.name), " is not supported"));
  return expr.test->holds(*this, input, arguments);
}

Value Interpreter::evaluate_arithmetic(const Expr& expr, Scope& scope) {
  Value left = evaluate(*expr.operands[0], scope);
  for (size_t i = 0; i < expr.operators.size(); ++i) {
    const Value right = evaluate(*expr.operands[i + 1], scope);
    place_ = expr.position;
    left = arithmetic(expr.operators[i], left, right, *this);
  }
  return left;
}

Value Interpreter::evaluate_compare(const Expr& expr, Scope& scope) {
  Value left = evaluate(*expr.operands[0], scope);
  for (size_t i = 0; i < expr.operators.size(); ++i) {
    Value right = evaluate(*expr.operands[i + 1], scope);
    place_ = expr.position;
    if (!compare(expr.operators[i], left, right, budget_)) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::evaluate_concat(const Expr& expr, Scope& scope) {
  std::string out;
  for (const ExprPtr& operand : expr.operands) write(evaluate(*operand, scope), out);
  return Value::text(std::move(out));
}

Value Interpreter::evaluate_conditional(const Expr& expr, Scope& scope) {
  if (truthy(evaluate(*expr.operands[1], scope))) return evaluate(*expr.operands[0], scope);
  if (expr.operands[2]) return evaluate(*expr.operands[2], scope);
  return Value::undefined(message("the inline if-expression on line ", expr.position.line,
                                  " evaluated to false and no else section was defined."));
}

// Python's and / or: the operand that decides, not a boolean.
Value Interpreter::evaluate_logical(const Expr& expr, Scope& scope, bool stop_at) {
  Value value;
  for (const ExprPtr& operand : expr.operands) {
    value = evaluate(*operand, scope);
    if (truthy(value) == stop_at) break;
  }
  return value;
}

Value Interpreter::evaluate_items(const Expr& expr, Scope& scope, SequenceKind kind) {
  Items items;
  budget_.items(expr.operands.size());
  items.reserve(expr.operands.size());
  for (const ExprPtr& operand : expr.operands) items.push_back(evaluate(*operand, scope));
  return Value::sequence(kind, std::move(items));
}

Value Interpreter::evaluate_dict(const Expr& expr, Scope& scope) {
  std::vector<std::pair<Value, Value>> entries;
  budget_.items(expr.operands.size());
  for (size_t i = 0; i + 1 < expr.operands.size(); i += 2) {
    Value key = evaluate(*expr.operands[i], scope);
    Value value = evaluate(*expr.operands[i + 1], scope);
    place_ = expr.position;
    set_entry(entries, std::move(key), std::move(value), budget_);
  }
  return Value::dict(std::move(entries));
}

}  // namespace hadal::jinja
