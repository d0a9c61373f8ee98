// Against what transformers rendered; tests/golden/recipes/chat.py recorded it.
#include <fstream>
#include <iterator>

#include "conversation.hpp"

using namespace hadal;

namespace {

constexpr int64_t kRecordedClock = 1732234800;  // 2024-11-22 00:20:00

std::string file_text(const std::string& name) {
  std::ifstream file(std::string(HADAL_TEST_DATA) + "/chat/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), name);
  return {std::istreambuf_iterator<char>(file), {}};
}

Json golden(const std::string& name) { return parse_json(file_text(name), name); }

// The rendered text, or nothing where the template or the rendering is refused.
Json rendered(std::string_view source, const Json& variables, std::string& reason) {
  try {
    return Json(ChatTemplate(source).render(variables, kRecordedClock));
  } catch (const Error& error) {
    reason = error.what();
    return Json();
  }
}

bool same(const Json& a, const Json& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  return *a.as_string() == *b.as_string();
}

void check_case(std::string_view source, const Json& variables, const Json& expected) {
  std::string reason;
  const Json actual = rendered(source, variables, reason);
  INFO("template: ", std::string(source));
  INFO("expected: ", expected.is_null() ? std::string("an error") : *expected.as_string());
  INFO("rendered: ", actual.is_null() ? "an error: " + reason : *actual.as_string());
  CHECK(same(actual, expected));
}

size_t check_cases(const Json& set) {
  const Json& variables = *set.find("variables");
  const Json::Array& cases = *set.find("cases")->as_array();
  for (const Json& one : cases) check_case(*one.as_array()->at(0).as_string(), variables, one.as_array()->at(1));
  return cases.size();
}

}  // namespace

TEST_CASE("the templates of the model families render as transformers renders them") {
  const Json recorded = golden("rendered.json");
  size_t pairs = 0;
  for (const auto& family : *recorded.find("texts")->as_object()) {
    const std::string& name = family.first;
    const std::string source = file_text("templates/" + name + ".jinja");
    for (const auto& recording : *family.second.as_object()) {
      const std::string& conversation = recording.first;
      const Json& text = recording.second;
      INFO(name, " with ", conversation);
      check_case(source, *recorded.find("conversations")->find(conversation), text);
      pairs += !text.is_null();
    }
  }
  CHECK(pairs >= 400);
}

TEST_CASE("each construct of the language means what it means in jinja2") {
  const Json recorded = golden("language.json");
  for (const Json& set : *recorded.as_array()) CHECK(check_cases(set) > 80);
}

TEST_CASE("500 generated templates render as jinja2 renders them") {
  CHECK(check_cases(golden("generated.json")) == 500);
}

TEST_CASE("a template renders the same from several values and after a move") {
  ChatTemplate first("{% for m in messages %}{{ m.content }};{% endfor %}");
  ChatTemplate second = std::move(first);
  using test::said, test::variables;
  CHECK(second.render(variables({said("user", "a"), said("user", "b")})) == "a;b;");
  CHECK(second.render(variables({said("user", "c")})) == "c;");
}
