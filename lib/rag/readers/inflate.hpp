// Deflate through zlib, with a bound on what comes out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/function_ref.hpp"

namespace hadal::rag {

// What a zlib stream would give, counted up to `most`; a damaged one is counted as far as it goes.
size_t inflated_size(std::string_view packed, size_t most, FunctionRef<bool()> cancelled);

enum class InflateEnd { whole, damaged, too_large };
// Raw deflate data (as in zip) to at most `most` bytes.
InflateEnd inflate_raw(std::string_view packed, size_t most, FunctionRef<bool()> cancelled, std::string& out);

}  // namespace hadal::rag
