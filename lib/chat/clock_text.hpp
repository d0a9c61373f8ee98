// Dates as strftime writes them in the C locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::jinja {

// seconds since 1970 on the caller's wall clock. A conversion outside the common ones is Error(unsupported).
std::string clock_text(std::string_view format, int64_t seconds);

}  // namespace hadal::jinja
