// Against what transformers rendered; tests/golden/recipes/chat.py recorded it.
#include "recorded.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

size_t check_cases(const Json& set) {
  const Json& values = *set.find("variables");
  const Json::Array& cases = *set.find("cases")->as_array();
  for (const Json& one : cases) check_rendered(*one.as_array()->at(0).as_string(), values, one.as_array()->at(1));
  return cases.size();
}

}  // namespace

TEST_CASE("the templates of the model families render as transformers renders them") {
  const Json all = recorded("rendered.json");
  size_t pairs = 0;
  for (const auto& family : *all.find("texts")->as_object()) {
    const std::string& name = family.first;
    const std::string source = file_text("templates/" + name + ".jinja");
    for (const auto& recording : *family.second.as_object()) {
      const std::string& conversation = recording.first;
      const Json& text = recording.second;
      INFO(name, " with ", conversation);
      check_rendered(source, *all.find("conversations")->find(conversation), text);
      pairs += !text.is_null();
    }
  }
  CHECK(pairs >= 400);
}

TEST_CASE("each construct of the language means what it means in jinja2") {
  const Json all = recorded("language.json");
  for (const Json& set : *all.as_array()) CHECK(check_cases(set) > 80);
}

TEST_CASE("500 generated templates render as jinja2 renders them") {
  CHECK(check_cases(recorded("generated.json")) == 500);
}

TEST_CASE("a template renders the same from several values and after a move") {
  ChatTemplate first("{% for m in messages %}{{ m.content }};{% endfor %}");
  ChatTemplate second = std::move(first);
  CHECK(second.render(variables({said("user", "a"), said("user", "b")})) == "a;b;");
  CHECK(second.render(variables({said("user", "c")})) == "c;");
}
