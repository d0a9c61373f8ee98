// Functions every template sees (range, namespace, dict, raise_exception, ...) and the methods of texts, dicts,
// lists and loops.
#pragma once

#include <string_view>

#include "chat/value.hpp"

namespace hadal::jinja {

// False if there is no such global.
bool find_global(std::string_view name, Value& out);

// The attribute Python's object itself has: a bound method, or a loop's counters. False if there is none.
bool find_attribute(Interpreter& interpreter, const Value& object, std::string_view name, Value& out);

// One per kind of value, beside the methods themselves.
Callable::Function text_method(std::string_view name);
Callable::Function dict_method(std::string_view name);
Callable::Function sequence_method(SequenceKind kind, std::string_view name);

}  // namespace hadal::jinja
