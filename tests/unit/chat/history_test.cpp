// What earlier turns keep of their thoughts.
#include "conversation.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

const ReplyFormat kFormat{"<think>", "</think>", "", ""};

std::vector<std::string> contents(const Json& messages) {
  std::vector<std::string> out;
  for (const Json& message : *messages.as_array()) out.push_back(*message.find("content")->as_string());
  return out;
}

const Json kTurns(Json::Array{said("user", "q1 </think>"), said("assistant", "<think>a</think>b</think>c"),
                              said("user", "q2"), said("assistant", "<think>d</think>e"), said("tool", "r")});

}  // namespace

TEST_CASE("R1 keeps what follows the last closing marker, V3.1 what follows the first") {
  CHECK(contents(without_earlier_thoughts(kTurns, ThoughtRule::after_last, kFormat)) ==
        std::vector<std::string>{"q1 </think>", "c", "q2", "e", "r"});
  CHECK(contents(without_earlier_thoughts(kTurns, ThoughtRule::after_first, kFormat)) ==
        std::vector<std::string>{"q1 </think>", "b</think>c", "q2", "e", "r"});
}

TEST_CASE("V3.2 keeps the thoughts that follow the last user message") {
  CHECK(contents(without_earlier_thoughts(kTurns, ThoughtRule::since_last_user, kFormat)) ==
        std::vector<std::string>{"q1 </think>", "c", "q2", "<think>d</think>e", "r"});
}

TEST_CASE("line breaks after the marker, a turn to be continued and foreign values are left alone") {
  const Json turns(Json::Array{said("assistant", "<think>a</think>\n\nb"),
                               Json(Json::Object{{"role", Json(std::string("assistant"))}, {"content", Json()}}),
                               said("assistant", "<think>go on")});
  const Json out = without_earlier_thoughts(turns, ThoughtRule::after_last, kFormat);
  CHECK(*out.as_array()->at(0).find("content")->as_string() == "\n\nb");
  CHECK(out.as_array()->at(1).find("content")->is_null());
  CHECK(*out.as_array()->at(2).find("content")->as_string() == "<think>go on");
  CHECK(contents(without_earlier_thoughts(Json(Json::Array{said("assistant", "<think>a</think>b"), said("user", "q")}),
                                          ThoughtRule::keep, kFormat))[0] == "<think>a</think>b");
  CHECK_THROWS_AS(without_earlier_thoughts(Json(true), ThoughtRule::keep, kFormat), Error);
}

TEST_CASE("reasoning kept in its own field goes with the thoughts") {
  Json::Object turn = *said("assistant", "b").as_object();
  turn.emplace_back("reasoning_content", Json(std::string("a")));
  const Json out =
      without_earlier_thoughts(Json(Json::Array{Json(turn), said("user", "q")}), ThoughtRule::after_last, kFormat);
  CHECK(out.as_array()->at(0).find("reasoning_content") == nullptr);
}

TEST_CASE("a template that takes thoughts out itself is left to do so") {
  CHECK(thought_rule("{% if '</think>' in c %}{{ c.split('</think>')[-1] }}{% endif %}") == ThoughtRule::keep);
  CHECK(thought_rule("{{ c.split(\"</think>\", 1)[1] }}") == ThoughtRule::keep);
  CHECK(thought_rule("{{ m.content }}") == ThoughtRule::keep);
  CHECK(thought_rule("{{ m.content }}<think>\n") == ThoughtRule::after_last);
}

TEST_CASE("a template has a thinking switch if it reads the variable before it sets one") {
  for (const char* family : {"deepseek-v3.1", "deepseek-v3.2", "deepseek-v4"})
    CHECK(has_thinking_switch(builtin_template(family)));
  for (const char* family : {"deepseek-v2", "deepseek-v3", "deepseek-r1", "deepseek-coder", "chatml"})
    CHECK(!has_thinking_switch(builtin_template(family)));
  for (const char* source : {"{% if thinking %}", "{{ '<think>' if enable_thinking is defined and enable_thinking }}",
                             "{%- if not thinking is defined %}{% set thinking = false %}{% endif %}",
                             "{% set thinking = thinking or false %}", "{% set on = thinking | default(true) %}"})
    CHECK(has_thinking_switch(source));
  for (const char* source : {"thinking", "{# thinking #}", "{{ 'thinking' }}", "{{ message.thinking }}",
                             "{{ message['thinking'] }}", "{% set thinking = 1 %}{{ thinking }}",
                             "{% for thinking in x %}{{ thinking }}{% endfor %}", "{{ f(thinking=1) }}", ""})
    CHECK(!has_thinking_switch(source));
}
