// The texts of hadal_describe.
#pragma once

#include <string>
#include <string_view>

namespace hadal::api {

// Throws Error(not_found) for an unknown topic.
std::string describe(std::string_view topic);

}  // namespace hadal::api
