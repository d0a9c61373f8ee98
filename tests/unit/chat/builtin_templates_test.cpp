// The fallback templates: what the recorded prompts of releases_test.cpp leave open.
#include <algorithm>

#include "conversation.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

std::string prompt(std::string_view family, Json::Array messages, Json::Object more = {}) {
  return ChatTemplate(builtin_template(family)).render(variables(std::move(messages), std::move(more)));
}

const Json kArguments(Json::Object{{"x", Json(std::string("v"))}, {"n", Json(int64_t{3})}});
const Json::Object kThinking{{"thinking", Json(true)}};

}  // namespace

TEST_CASE("plain turns of each family") {
  const Json::Array turns{said("system", "S"), said("user", "u1"), said("assistant", "<think>t</think>a1"),
                          said("user", "u2")};
  CHECK(prompt("deepseek-v2", {said("system", "S"), said("user", "u1"), said("assistant", "a1"), said("user", "u2")}) ==
        "<s>S\n\nUser: u1\n\nAssistant: a1</s>User: u2\n\nAssistant:");
  CHECK(prompt("deepseek-coder", {said("system", "S"), said("user", "u")}) ==
        "<s>S### Instruction:\nu\n### Response:\n");
  CHECK(prompt("deepseek-v3", turns) == "<s>S<｜User｜>u1<｜Assistant｜>a1</s><｜User｜>u2<｜Assistant｜>");
  CHECK(prompt("deepseek-r1", turns) == "<s>S<｜User｜>u1<｜Assistant｜>a1</s><｜User｜>u2<｜Assistant｜><think>\n");
  for (const char* family : {"deepseek-v3.1", "deepseek-v3.2", "deepseek-v4"}) {
    INFO(family);
    CHECK(prompt(family, turns) == "<s>S<｜User｜>u1<｜Assistant｜></think>a1</s><｜User｜>u2<｜Assistant｜></think>");
    CHECK(prompt(family, turns, kThinking) ==
          "<s>S<｜User｜>u1<｜Assistant｜></think>a1</s><｜User｜>u2<｜Assistant｜><think>");
  }
  CHECK(prompt("chatml", {said("user", "u")}) == "<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\n");
  CHECK(prompt("llama-3", {said("user", " u ")}) ==
        "<s><|start_header_id|>user<|end_header_id|>\n\nu<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
  CHECK(prompt("plain", {said("user", "u")}) == "User: u\nAssistant:");
  CHECK(builtin_template("nonsense").empty());
}

TEST_CASE("releases that are prompted alike share a template") {
  CHECK(builtin_template("deepseek-v2") == builtin_template("deepseek-llm"));
  for (const char* release : {"deepseek-v2.5", "deepseek-v3-0324", "deepseek-r1-0528"})
    CHECK(builtin_template(release) == builtin_template("deepseek-v3"));
}

TEST_CASE("several system messages are joined by an empty line, wherever they stand") {
  for (const char* family : {"deepseek-v3", "deepseek-r1", "deepseek-v3.1", "deepseek-v3.2", "deepseek-v4"})
    CHECK(prompt(family, {said("system", "A"), said("user", "u"), said("system", "B")})
              .starts_with("<s>A\n\nB<｜User｜>u"));
}

TEST_CASE("arguments given as an object are written as JSON text") {
  const Json::Array turns{said("user", "q"), calling({call("f", kArguments)})};
  CHECK(prompt("deepseek-v3", turns).find("f\n```json\n{\"x\": \"v\", \"n\": 3}\n```") != std::string::npos);
  CHECK(prompt("deepseek-v3.1", turns).find("f<｜tool▁sep｜>{\"x\": \"v\", \"n\": 3}<") != std::string::npos);
}

TEST_CASE("V4 writes calls and results in its markup") {
  const std::string invoke =
      "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"true\">v</｜DSML｜parameter>\n"
      "<｜DSML｜parameter name=\"n\" string=\"false\">3</｜DSML｜parameter>\n</｜DSML｜invoke>\n";
  const Json::Array turns{said("user", "q"), calling({call("f", kArguments)}), said("tool", "r"),
                          said("assistant", "answer")};
  CHECK(prompt("deepseek-v4", turns) ==
        "<s><｜User｜>q<｜Assistant｜></think>\n\n<｜DSML｜tool_calls>\n" + invoke +
            "</｜DSML｜tool_calls></s><｜User｜><tool_result>r</tool_result><｜Assistant｜></think>answer</s>");
  const Json::Array open{said("user", "q"), calling({call("f", kArguments)}), said("tool", "r1"), said("tool", "r2")};
  CHECK(prompt("deepseek-v4", open, kThinking)
            .ends_with("<tool_result>r1</tool_result>\n\n<tool_result>r2</tool_result><｜Assistant｜><think>"));
}

TEST_CASE("V3.2 writes the schema of the answer into the system text, and a thought that a reply was read back with") {
  CHECK(prompt("deepseek-v3.2", {said("system", "S"), said("user", "q")},
               {{"response_format", Json(Json::Object{{"type", Json(std::string("object"))}})}}) ==
        "<s>S\n\n## Response Format:\n\nYou MUST strictly adhere to the following schema to reply:\n"
        "{\"type\": \"object\"}<｜User｜>q<｜Assistant｜></think>");
  // The reply as the session keeps it: the prompt has opened its thought.
  CHECK(prompt("deepseek-v3.2", {said("user", "q"), said("assistant", "t</think>wait"), said("tool", "r")}, kThinking) ==
        "<s><｜User｜>q<｜Assistant｜><think>t</think>wait</s>"
        "\n\n<function_results>\n<result>r</result>\n</function_results>\n\n<think>");
}

TEST_CASE("the family is known by the vocabulary's control tokens") {
  const auto family_with = [](std::vector<std::string_view> tokens, std::string_view architecture = {}) {
    const auto has = [&](std::string_view token) { return std::find(tokens.begin(), tokens.end(), token) != tokens.end(); };
    return builtin_family(has, architecture);
  };
  CHECK(family_with({"<｜Assistant｜>", "<think>"}) == "deepseek-r1");
  CHECK(family_with({"<｜Assistant｜>"}) == "deepseek-v3");
  CHECK(family_with({"<｜Assistant｜>", "<think>", "<｜search▁begin｜>"}) == "deepseek-v3.1");
  CHECK(family_with({"<｜Assistant｜>", "<think>", "｜DSML｜"}) == "deepseek-v3.2");
  CHECK(family_with({"<｜Assistant｜>", "<think>", "｜DSML｜", "<｜latest_reminder｜>"}) == "deepseek-v4");
  CHECK(family_with({"<|im_start|>", "<think>"}) == "chatml");
  CHECK(family_with({"<|start_header_id|>"}) == "llama-3");
  CHECK(family_with({"<｜begin▁of▁sentence｜>"}) == "deepseek-v2");
  CHECK(family_with({"<｜begin▁of▁sentence｜>", "<|EOT|>", "<|User|>"}) == "deepseek-coder");
  CHECK(family_with({"<s>"}) == "plain");
  // V3.2 has V3.1's vocabulary.
  for (const char* architecture : {"deepseek_v32", "deepseek32"})
    CHECK(family_with({"<｜Assistant｜>", "<think>", "<｜search▁begin｜>"}, architecture) == "deepseek-v3.2");
  CHECK(family_with({"<｜Assistant｜>", "<think>", "<｜search▁begin｜>"}, "deepseek_v3") == "deepseek-v3.1");
  CHECK(family_with({}, "deepseek_v4") == "deepseek-v4");
}
