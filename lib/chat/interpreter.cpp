#include "chat/interpreter.hpp"

#include <algorithm>
#include <utility>

#include "chat/builtins.hpp"
#include "chat/python_text.hpp"
#include "chat/utf8.hpp"

namespace hadal::jinja {
namespace {

constexpr int kDeepest = 400;  // blocks and expressions inside each other, macros included

}  // namespace

const Value* Scope::find(std::string_view name) const {
  for (const auto& [known, value] : variables)
    if (known == name) return &value;
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto& [known, old] : variables) {
    if (known != name) continue;
    old = std::move(value);
    return;
  }
  variables.emplace_back(name, std::move(value));
}

Interpreter::InnerScope::~InnerScope() {
  if (scope_->captured) interpreter_.scopes_.push_back(std::move(scope_));
}

Interpreter::Depth::Depth(Interpreter& interpreter) : interpreter_(interpreter) {
  interpreter_.budget_.step();
  if (interpreter_.depth_ >= kDeepest)
    throw Error(Status::unsupported, message("the template runs deeper than ", kDeepest, " calls and blocks"));
  ++interpreter_.depth_;
}

// Namespaces, scopes and loops may hold each other in circles; emptied one by one they go without recursion.
Interpreter::~Interpreter() {
  for (const Value& space : namespaces_) space.as_namespace()->attributes.clear();
  for (const Value& loop : loops_) loop.as_loop()->last_changed.clear();
}

std::string Interpreter::run(const Block& program, const Value& variables) {
  std::string out;
  try {
    InnerScope root(*this, nullptr);
    for (const auto& [name, value] : variables.as_dict()->entries) root->set(name.as_text()->bytes, value);
    run_block(program, *root, out);
  } catch (const Error& error) {
    if (raised_) throw;
    throw Error(error.status(),
                message("chat template, line ", place_.line, " column ", place_.column, ": ", error.what()));
  }
  return out;
}

void Interpreter::raise(std::string text) {
  raised_ = true;
  throw Error(Status::invalid_argument, std::move(text));
}

Value Interpreter::make_namespace(std::vector<std::pair<std::string, Value>> attributes) {
  for (const auto& attribute : attributes)
    if (attribute.first.starts_with('_'))
      type_error(message("the namespace attribute ", quoted(attribute.first), " is private"));
  Value space(std::make_shared<Namespace>(Namespace{std::move(attributes)}));
  namespaces_.push_back(space);
  return space;
}

void Interpreter::write(std::string_view text, std::string& out) {
  budget_.text(text.size());
  budget_.fits(out.size() + text.size());
  out += text;
}

void Interpreter::write(const Value& value, std::string& out) {
  if (const Text* text = value.as_text()) return write(text->bytes, out);
  write(to_text(value, budget_), out);
}

Interpreter::Flow Interpreter::run_block(const Block& block, Scope& scope, std::string& out) {
  const Depth guard(*this);
  for (const auto& statement : block) {
    const Flow flow = run_statement(*statement, scope, out);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::run_statement(const Statement& statement, Scope& scope, std::string& out) {
  budget_.step();
  place_ = statement.position;
  switch (statement.kind) {
    case StatementKind::data: write(statement.text.as_text()->bytes, out); return Flow::next;
    case StatementKind::print: write(evaluate(*statement.value, scope), out); return Flow::next;
    case StatementKind::set: assign(*statement.target, evaluate(*statement.value, scope), scope); return Flow::next;
    case StatementKind::set_block: return run_set_block(statement, scope);
    case StatementKind::for_loop: return run_for(statement, scope, out);
    case StatementKind::if_chain: return run_if(statement, scope, out);
    case StatementKind::macro: scope.set(statement.macro->name, make_macro(*statement.macro, scope)); return Flow::next;
    case StatementKind::call_block: run_call_block(statement, scope, out); return Flow::next;
    case StatementKind::filter_block: return run_filter_block(statement, scope, out);
    case StatementKind::with: return run_with(statement, scope, out);
    case StatementKind::scope: return run_block(statement.body, *InnerScope(*this, &scope), out);
    case StatementKind::break_loop: return Flow::leave_loop;
    case StatementKind::continue_loop: return Flow::next_round;
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::run_if(const Statement& statement, Scope& scope, std::string& out) {
  for (const Branch& branch : statement.branches)
    if (truthy(evaluate(*branch.test, scope))) return run_block(branch.body, scope, out);
  return run_block(statement.otherwise, scope, out);
}

Interpreter::Flow Interpreter::run_set_block(const Statement& statement, Scope& scope) {
  const InnerScope inner(*this, &scope);
  std::string text;
  const Flow flow = run_block(statement.body, *inner, text);
  Value value = Value::text(std::move(text));
  if (statement.value) value = evaluate_filter(*statement.value, *inner, &value);
  assign(*statement.target, value, scope);
  return flow;
}

Interpreter::Flow Interpreter::run_filter_block(const Statement& statement, Scope& scope, std::string& out) {
  const InnerScope inner(*this, &scope);
  std::string text;
  const Flow flow = run_block(statement.body, *inner, text);
  const Value value = Value::text(std::move(text));
  write(evaluate_filter(*statement.value, *inner, &value), out);
  return flow;
}

Interpreter::Flow Interpreter::run_with(const Statement& statement, Scope& scope, std::string& out) {
  const InnerScope inner(*this, &scope);
  for (size_t i = 0; i < statement.targets.size(); ++i)
    assign(*statement.targets[i], evaluate(*statement.values[i], scope), *inner);
  return run_block(statement.body, *inner, out);
}

void Interpreter::run_call_block(const Statement& statement, Scope& scope, std::string& out) {
  const Expr& call_expr = *statement.value;
  const Value callee = evaluate(*call_expr.operands[0], scope);
  Arguments arguments = evaluate_arguments(call_expr, scope);
  arguments.keywords.emplace_back("caller", make_macro(*statement.macro, scope));
  place_ = call_expr.position;
  write(call(callee, arguments), out);
}

Items Interpreter::filtered(const Statement& statement, Items items, Scope& scope) {
  Items kept;
  for (Value& item : items) {
    const InnerScope inner(*this, &scope);
    assign(*statement.target, item, *inner);
    if (truthy(evaluate(*statement.test, *inner))) kept.push_back(std::move(item));
  }
  return kept;
}

Interpreter::Flow Interpreter::run_for(const Statement& statement, Scope& scope, std::string& out) {
  const Value iterable = evaluate(*statement.value, scope);
  place_ = statement.value->position;
  Items items = to_items(iterable, budget_);
  if (statement.test) items = filtered(statement, std::move(items), scope);
  const Value sequence = Value::list(std::move(items));  // checks the depth of what the loop will hold
  const auto loop = std::make_shared<Loop>();
  loop->items = sequence.as_sequence()->items;
  loop->depth = sequence.depth() + 1;
  bool completed = false;  // jinja2 runs the else block unless a round has reached its end, continue and break included
  for (size_t i = 0; i < loop->items.size(); ++i) {
    const InnerScope round(*this, &scope);
    loop->index0 = static_cast<int64_t>(i);
    round->set("loop", Value(loop));
    assign(*statement.target, loop->items[i], *round);
    const Flow flow = run_block(statement.body, *round, out);
    completed = completed || flow == Flow::next;
    if (flow == Flow::leave_loop) break;
  }
  return completed ? Flow::next : run_block(statement.otherwise, *InnerScope(*this, &scope), out);
}

void Interpreter::assign(const Expr& target, const Value& value, Scope& scope) {
  if (target.kind == ExprKind::name) return scope.set(target.name, value);
  if (target.kind == ExprKind::namespace_reference) {
    Expr variable;
    variable.name = target.name;
    const Value holder = evaluate_name(variable, scope);
    Namespace* space = holder.as_namespace();
    if (!space) type_error(message("cannot set an attribute of ", quoted(target.name), ", which is no namespace"));
    if (target.attribute.starts_with('_'))
      type_error(message("the namespace attribute ", quoted(target.attribute), " is private"));
    for (auto& [name, old] : space->attributes) {
      if (name != target.attribute) continue;
      old = value;
      return;
    }
    space->attributes.emplace_back(target.attribute, value);
    return;
  }
  const Items items = to_items(value, budget_);
  if (items.size() != target.operands.size())
    type_error(message("expected ", target.operands.size(), " values to unpack, found ", items.size()));
  for (size_t i = 0; i < items.size(); ++i) assign(*target.operands[i], items[i], scope);
}

Value Interpreter::make_macro(const MacroNode& macro, Scope& scope) {
  for (Scope* around = &scope; around && !around->captured; around = around->parent) around->captured = true;
  Callable callable;
  callable.name = macro.name;
  callable.macro = &macro;
  callable.scope = &scope;
  return Value(std::make_shared<const Callable>(std::move(callable)));
}

// jinja2's Macro.__call__: positional, then keywords by name, then defaults, which may use earlier parameters.
Value Interpreter::call_macro(const Callable& callable, const Arguments& arguments) {
  const MacroNode& macro = *callable.macro;
  const size_t count = macro.parameters.size();
  InnerScope inner(*this, callable.scope);
  std::vector<bool> used(arguments.keywords.size(), false);
  const auto keyword = [&](std::string_view name) -> const Value* {
    for (size_t i = 0; i < arguments.keywords.size(); ++i) {
      if (used[i] || arguments.keywords[i].first != name) continue;
      used[i] = true;
      return &arguments.keywords[i].second;
    }
    return nullptr;
  };
  std::vector<const Value*> given(count, nullptr);
  for (size_t i = 0; i < count; ++i)
    given[i] = i < arguments.positional.size() ? &arguments.positional[i] : keyword(macro.parameters[i].name);
  if (macro.uses_caller) {
    const Value* caller = keyword("caller");
    inner->set("caller", caller ? *caller : Value::undefined("No caller defined"));
  }
  std::vector<std::pair<Value, Value>> rest;
  for (size_t i = 0; i < arguments.keywords.size(); ++i) {
    if (used[i]) continue;
    if (!macro.uses_kwargs)
      type_error(
          message("macro ", quoted(macro.name), " takes no keyword argument ", quoted(arguments.keywords[i].first)));
    rest.emplace_back(Value::text(arguments.keywords[i].first), arguments.keywords[i].second);
  }
  if (macro.uses_kwargs) inner->set("kwargs", Value::dict(std::move(rest)));
  if (macro.uses_varargs) {
    const size_t taken = std::min(count, arguments.positional.size());
    inner->set("varargs", Value::tuple(Items(arguments.positional.begin() + static_cast<std::ptrdiff_t>(taken),
                                             arguments.positional.end())));
  } else if (arguments.positional.size() > count) {
    type_error(message("macro ", quoted(macro.name), " takes at most ", count, " arguments"));
  }
  for (size_t i = 0; i < count; ++i) {
    const Parameter& parameter = macro.parameters[i];
    if (given[i]) inner->set(parameter.name, *given[i]);
    else if (parameter.fallback) inner->set(parameter.name, evaluate(*parameter.fallback, *inner));
    else inner->set(parameter.name, Value::undefined(message("parameter '", parameter.name, "' was not provided")));
  }
  std::string text;
  run_block(macro.body, *inner, text);
  return Value::text(std::move(text));
}

Value Interpreter::call(const Value& callee, const Arguments& arguments) {
  const Depth guard(*this);
  if (const Undefined* undefined = callee.as_undefined()) type_error(undefined->reason);
  const Callable* callable = callee.as_callable();
  if (!callable) type_error(message("a value of type ", type_name(callee), " cannot be called"));
  if (callable->macro) return call_macro(*callable, arguments);
  return callable->function(*this, callable->self, arguments);
}

Value Interpreter::attribute(const Value& object, std::string_view name) {
  if (const Undefined* undefined = object.as_undefined()) type_error(undefined->reason);
  const auto missing = [&] {
    const std::string_view type = type_name(object);
    return Value::undefined(
        message(object.is_none() ? "'None'" : message("'", type, " object'"), " has no attribute '", name, "'"));
  };
  if (name.starts_with("__"))
    return Value::undefined(message("access to attribute '", name, "' of '", type_name(object), "' object is unsafe."));
  if (const Namespace* space = object.as_namespace()) {
    for (const auto& [known, value] : space->attributes)
      if (known == name) return value;
    return missing();
  }
  Value found;
  if (find_attribute(*this, object, name, found)) return found;
  if (const Dict* dict = object.as_dict())
    if (const Value* value = dict->find(name)) return *value;
  return missing();
}

Value Interpreter::item(const Value& object, const Value& key) {
  if (const Undefined* undefined = object.as_undefined()) type_error(undefined->reason);
  int64_t index = 0;
  if (const Dict* dict = object.as_dict()) {
    if (hashable(key))
      if (const Value* value = dict->find(key, budget_)) return *value;
  } else if (key.to_integer(index)) {
    const Sequence* sequence = object.as_sequence();
    const bool indexed = sequence && (sequence->kind == SequenceKind::list || sequence->kind == SequenceKind::tuple ||
                                      sequence->kind == SequenceKind::range);
    if (indexed) {
      const auto size = static_cast<int64_t>(sequence->items.size());
      if (index < 0) index += size;
      if (index >= 0 && index < size) return sequence->items[static_cast<size_t>(index)];
    }
    if (const Text* text = object.as_text()) {
      const auto size = static_cast<int64_t>(text->length);
      if (index < 0) index += size;
      if (index >= 0 && index < size) {
        budget_.step(text->length == text->bytes.size() ? 1 : text->bytes.size() / 64);
        const size_t begin = offset_of(text->bytes, text->length, static_cast<size_t>(index));
        return Value::text(text->bytes.substr(begin, next_character(text->bytes, begin) - begin));
      }
    }
  }
  if (const Text* name = key.as_text()) return attribute(object, name->bytes);
  return Value::undefined(message("'", type_name(object), " object' has no element ", to_repr(key, budget_)));
}

}  // namespace hadal::jinja
