// The built-in templates against the prompts that DeepSeek's releases document; tests/golden/recipes/chat_releases.py
// recorded them and compared them with the published templates and V3.2's encoder.
#include "recorded.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

Json::Array first_of(const Json& list, int64_t count) {
  const Json::Array& all = *list.as_array();
  return {all.begin(), all.begin() + count};
}

}  // namespace

TEST_CASE("every release is prompted as it documents: turns, thoughts, tools, results, with and without thinking") {
  const Json all = recorded("releases.json");
  size_t prompts = 0;
  for (const auto& release : *all.find("prompts")->as_object()) {
    const std::string& name = release.first;
    for (const Json& prompt : *release.second.as_array()) {
      const std::string& conversation = *prompt.find("conversation")->as_string();
      const int64_t tools = *prompt.find("tools")->as_integer();
      Json::Object more{{"add_generation_prompt", Json(conversation != "closed")}};
      if (tools > 0) more.emplace_back("tools", Json(first_of(*all.find("tools"), tools)));
      if (const Json* thinking = prompt.find("thinking")) more.emplace_back("thinking", *thinking);
      INFO(name, ": ", conversation, ", tools ", tools);
      check_rendered(builtin_template(name),
                     variables(*all.find("conversations")->find(conversation)->as_array(), std::move(more)),
                     *prompt.find("text"));
      ++prompts;
    }
  }
  CHECK(prompts > 120);
}

TEST_CASE("V3.2 takes arguments as an object or as JSON text, and refuses what is neither") {
  const std::string source = builtin_template("deepseek-v3.2");
  const auto with = [&](Json arguments) {
    return variables({said("user", "q"), calling({call("f", std::move(arguments))})});
  };
  const Json object(Json::Object{{"x", Json(std::string("v"))}, {"n", Json(int64_t{3})}});
  CHECK(ChatTemplate(source).render(with(object)) ==
        ChatTemplate(source).render(with(Json(std::string("{\"x\": \"v\", \"n\": 3}")))));
  for (const char* text : {"", "{\"x\":", "[1]", "3"})
    CHECK(failure_of(source, with(Json(std::string(text)))).status == Status::invalid_argument);
  CHECK(failure_of(source, with(Json())).text == "tool call arguments: expected an object");
  const std::string deep(200, '[');
  CHECK(failure_of(source, with(Json(deep))).status == Status::invalid_argument);
}
