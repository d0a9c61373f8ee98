// JSON values as text.
#pragma once

#include <string>
#include <string_view>

#include "formats/json.hpp"

namespace hadal {

// "text" in quotes with what JSON needs escaped; other characters as they are.
void append_json(std::string& out, std::string_view text);
// Compact, keys in their order. Numbers that JSON cannot hold become null.
void append_json(std::string& out, const Json& value);

}  // namespace hadal
