// Python's two ways of filling values into a text: "%s" % value and "{}".format(value).
#pragma once

#include <string>
#include <string_view>

#include "chat/value.hpp"

namespace hadal::jinja {

// value: a tuple for several conversions, a dict for %(name)s, anything else for one.
std::string percent_format(std::string_view format, const Value& value, Budget& budget);

// str.format, with attributes and items in field names looked up as the sandbox does.
std::string brace_format(std::string_view format, const Arguments& arguments, Interpreter& interpreter);

// format(value, spec) for numbers and texts.
std::string format_value(const Value& value, std::string_view spec, Budget& budget);

}  // namespace hadal::jinja
