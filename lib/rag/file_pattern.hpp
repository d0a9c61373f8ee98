// Patterns of file names: * any characters but /, ** any characters, ? one character. Letters of ASCII match in either
// case. A pattern without / is held against the name alone, one with / against the whole path below the folder.
#pragma once

#include <string_view>

namespace hadal::rag {

bool matches(std::string_view pattern, std::string_view path);
// Any of several patterns separated by spaces; false for none.
bool matches_any(std::string_view patterns, std::string_view path);

}  // namespace hadal::rag
