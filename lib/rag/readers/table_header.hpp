// Is the first row of a table its header?
#pragma once

#include <string>
#include <vector>

namespace hadal::rag {

// Column names are words, each there and no two alike.
bool looks_like_header(const std::vector<std::string>& cells);

}  // namespace hadal::rag
