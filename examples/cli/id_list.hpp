// Token ids as people write them: "1, 2 3", perhaps in brackets.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "call.hpp"

inline std::vector<int32_t> parse_ids(std::string_view text) {
  constexpr std::string_view kBetween = ", \t\r\n[]";
  std::vector<int32_t> ids;
  for (size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos;
       at = text.find_first_not_of(kBetween, at)) {
    const size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    int32_t id = 0;
    const auto [stop, problem] = std::from_chars(text.data() + at, text.data() + end, id);
    if (problem != std::errc() || stop != text.data() + end)
      throw Failure(fmt::format("ids: expected whole numbers separated by commas, found \"{}\"", text.substr(at, std::min<size_t>(end - at, 40))), kExitUsage);
    ids.push_back(id);
    at = end;
  }
  return ids;
}
