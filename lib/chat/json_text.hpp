// json.dumps, as the tojson filter of chat templates calls it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/value.hpp"

namespace hadal::jinja {

struct JsonLayout {
  bool ensure_ascii = false;
  std::optional<std::string> indent;  // one level of it; line breaks only if there is one
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
};

// Error(invalid_argument) for a value that JSON has no form for.
std::string json_text(const Value& value, const JsonLayout& layout, Budget& budget);

}  // namespace hadal::jinja
