// Python's operators on values. Error(invalid_argument) for types that do not go together, Error(unsupported) for
// integers beyond 64 bits.
#pragma once

#include "chat/template_ast.hpp"
#include "chat/value.hpp"

namespace hadal::jinja {

class Interpreter;

Value arithmetic(Operator op, const Value& left, const Value& right, Interpreter& interpreter);
bool compare(Operator op, const Value& left, const Value& right, Budget& budget);
bool contains(const Value& container, const Value& item, Budget& budget);
Value negative(const Value& value);
Value positive(const Value& value);
Value slice(const Value& object, const Value& start, const Value& stop, const Value& step, Budget& budget);

}  // namespace hadal::jinja
