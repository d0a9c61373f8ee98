// Template source to statements. Error(corrupt) for what is no Jinja, Error(unsupported) for what is outside the
// subset, both with line and column.
#pragma once

#include <string_view>

#include "chat/template_ast.hpp"

namespace hadal::jinja {

Block parse_template(std::string_view source);

}  // namespace hadal::jinja
