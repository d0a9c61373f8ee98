// The fallback templates write the prompts that the families document.
#include "conversation.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

std::string prompt(std::string_view family, Json::Array messages, Json::Object more = {}) {
  return ChatTemplate(builtin_template(family)).render(variables(std::move(messages), std::move(more)));
}

const Json::Array kTurns{said("system", "S"), said("user", "u1"), said("assistant", "<think>t</think>a1"),
                         said("user", "u2")};

Json call(const char* name, Json arguments) {
  Json function(Json::Object{{"name", Json(std::string(name))}, {"arguments", std::move(arguments)}});
  return Json(Json::Object{{"type", Json(std::string("function"))}, {"function", std::move(function)}});
}

Json calling(Json::Array calls) {
  return Json(Json::Object{
      {"role", Json(std::string("assistant"))}, {"content", Json()}, {"tool_calls", Json(std::move(calls))}});
}

const Json kArguments(Json::Object{{"x", Json(std::string("v"))}, {"n", Json(int64_t{3})}});
const Json::Object kThinking{{"thinking", Json(true)}};

}  // namespace

TEST_CASE("plain turns of each family") {
  CHECK(prompt("deepseek-v2", {said("system", "S"), said("user", "u1"), said("assistant", "a1"), said("user", "u2")}) ==
        "<s>S\n\nUser: u1\n\nAssistant: a1</s>User: u2\n\nAssistant:");
  CHECK(prompt("deepseek-v3", kTurns) == "<s>S<｜User｜>u1<｜Assistant｜>a1</s><｜User｜>u2<｜Assistant｜>");
  CHECK(prompt("deepseek-r1", kTurns) == "<s>S<｜User｜>u1<｜Assistant｜>a1</s><｜User｜>u2<｜Assistant｜><think>\n");
  for (const char* family : {"deepseek-v3.1", "deepseek-v3.2", "deepseek-v4"}) {
    INFO(family);
    CHECK(prompt(family, kTurns) == "<s>S<｜User｜>u1<｜Assistant｜></think>a1</s><｜User｜>u2<｜Assistant｜></think>");
    CHECK(prompt(family, kTurns, kThinking) ==
          "<s>S<｜User｜>u1<｜Assistant｜></think>a1</s><｜User｜>u2<｜Assistant｜><think>");
  }
  CHECK(prompt("chatml", {said("user", "u")}) == "<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\n");
  CHECK(prompt("llama-3", {said("user", " u ")}) ==
        "<s><|start_header_id|>user<|end_header_id|>\n\nu<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
  CHECK(prompt("plain", {said("user", "u")}) == "User: u\nAssistant:");
  CHECK(builtin_template("nonsense").empty());
}

TEST_CASE("several system messages are joined by an empty line, wherever they stand") {
  for (const char* family : {"deepseek-v3", "deepseek-r1", "deepseek-v3.1", "deepseek-v3.2", "deepseek-v4"})
    CHECK(prompt(family, {said("system", "A"), said("user", "u"), said("system", "B")})
              .starts_with("<s>A\n\nB<｜User｜>u"));
}

TEST_CASE("one tool call is closed, and a second round opens its own block") {
  const Json::Array turns{said("user", "q"),  calling({call("f", Json(std::string("{}")))}),
                          said("tool", "r1"), calling({call("g", kArguments), call("h", Json(std::string("{}")))}),
                          said("tool", "r2"), said("tool", "r3")};
  CHECK(prompt("deepseek-r1", turns) ==
        "<s><｜User｜>q<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{}"
        "\n```<｜tool▁call▁end｜>"
        "<｜tool▁calls▁end｜></"
        "s><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>r1<｜tool▁output▁end｜><｜tool▁outputs▁end｜>"
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{\"x\": \"v\", \"n\": "
        "3}\n```<｜tool▁call▁end｜>\n"
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>h\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜></s>"
        "<｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>r2<｜tool▁output▁end｜>\n<｜tool▁output▁begin｜>r3<"
        "｜tool▁output▁end｜><｜tool▁outputs▁end｜>");
}

TEST_CASE("V3.1 chains calls without separators and goes on after results without a role") {
  CHECK(
      prompt("deepseek-v3.1", {said("user", "q"), calling({call("f", kArguments), call("g", Json(std::string("{}")))}),
                               said("tool", "r1"), said("tool", "r2")}) ==
      "<s><｜User｜>q<｜Assistant｜></think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"x\": \"v\", "
      "\"n\": 3}<｜tool▁call▁end｜>"
      "<｜tool▁call▁begin｜>g<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜></s>"
      "<｜tool▁output▁begin｜>r1<｜tool▁output▁end｜><｜tool▁output▁begin｜>r2<｜tool▁output▁end｜>");
}

TEST_CASE("V3.2 and V4 write calls and results in their markup") {
  const std::string invoke =
      "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"true\">v</｜DSML｜parameter>\n"
      "<｜DSML｜parameter name=\"n\" string=\"false\">3</｜DSML｜parameter>\n</｜DSML｜invoke>\n";
  const Json::Array turns{said("user", "q"), calling({call("f", kArguments)}), said("tool", "r"),
                          said("assistant", "answer")};
  const Json::Object closed{{"add_generation_prompt", Json(false)}};
  CHECK(prompt("deepseek-v3.2", turns) == "<s><｜User｜>q<｜Assistant｜></think>\n\n<｜DSML｜function_calls>\n" +
                                              invoke +
                                              "</｜DSML｜function_calls></s>\n\n<function_results>\n<result>r</"
                                              "result>\n</function_results>\n\n</think>answer</s>");
  CHECK(prompt("deepseek-v4", turns) ==
        "<s><｜User｜>q<｜Assistant｜></think>\n\n<｜DSML｜tool_calls>\n" + invoke +
            "</｜DSML｜tool_calls></s><｜User｜><tool_result>r</tool_result><｜Assistant｜></think>answer</s>");
  const Json::Array open{said("user", "q"), calling({call("f", kArguments)}), said("tool", "r1"), said("tool", "r2")};
  CHECK(prompt("deepseek-v3.2", open, kThinking)
            .ends_with("\n<result>r1</result>\n<result>r2</result>\n</function_results>\n\n<think>"));
  CHECK(prompt("deepseek-v4", open, kThinking)
            .ends_with("<tool_result>r1</tool_result>\n\n<tool_result>r2</tool_result><｜Assistant｜><think>"));
}

TEST_CASE("the family is known by the vocabulary's control tokens") {
  const auto family_with = [](std::vector<std::string_view> tokens) {
    return builtin_family([&](std::string_view token) {
      for (std::string_view known : tokens)
        if (known == token) return true;
      return false;
    });
  };
  CHECK(family_with({"<｜Assistant｜>", "<think>"}) == "deepseek-r1");
  CHECK(family_with({"<｜Assistant｜>"}) == "deepseek-v3");
  CHECK(family_with({"<｜Assistant｜>", "<think>", "<｜search▁begin｜>"}) == "deepseek-v3.1");
  CHECK(family_with({"<｜Assistant｜>", "<think>", "｜DSML｜"}) == "deepseek-v4");
  CHECK(family_with({"<|im_start|>", "<think>"}) == "chatml");
  CHECK(family_with({"<|start_header_id|>"}) == "llama-3");
  CHECK(family_with({"<s>"}) == "plain");
}
