#include "rag/readers/table_header.hpp"

#include <algorithm>
#include <string_view>

#include "rag/readers/clean_text.hpp"

namespace hadal::rag {
namespace {

bool is_number(std::string_view cell) {
  cell = trim_ascii(cell);
  bool digit = false;
  for (const char c : cell) {
    if (c >= '0' && c <= '9') digit = true;
    else if (std::string_view("+-.,%/: eE$").find(c) == std::string_view::npos) return false;
  }
  return digit;
}

}  // namespace

bool looks_like_header(const std::vector<std::string>& cells) {
  std::vector<std::string> names;
  for (const std::string& cell : cells) {
    const std::string_view name = trim_ascii(cell);
    if (name.empty() || name.size() > 120 || is_number(name)) return false;
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names.size() > 1 && std::adjacent_find(names.begin(), names.end()) == names.end();
}

}  // namespace hadal::rag
