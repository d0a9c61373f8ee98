// The recorded prompts of tests/golden/chat, and rendering beside them.
#pragma once

#include <fstream>
#include <iterator>

#include "conversation.hpp"

namespace hadal::test {

inline std::string file_text(const std::string& name) {
  std::ifstream file(std::string(HADAL_TEST_DATA) + "/chat/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), name);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline Json recorded(const std::string& name) { return parse_json(file_text(name), name); }

// expected: the text, or null where the original refuses the template or the variables.
inline void check_rendered(std::string_view source, const Json& variables, const Json& expected) {
  constexpr int64_t kRecordedClock = 1732234800;  // 2024-11-22 00:20:00
  Json actual;
  std::string reason;
  try {
    actual = Json(ChatTemplate(source).render(variables, kRecordedClock));
  } catch (const Error& error) {
    reason = error.what();
  }
  INFO("template: ", std::string(source));
  INFO("expected: ", expected.is_null() ? std::string("an error") : *expected.as_string());
  INFO("rendered: ", actual.is_null() ? "an error: " + reason : *actual.as_string());
  CHECK(actual.is_null() == expected.is_null());
  if (!actual.is_null() && !expected.is_null()) CHECK(*actual.as_string() == *expected.as_string());
}

}  // namespace hadal::test
