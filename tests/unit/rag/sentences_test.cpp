#include "rag/sentences.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <string>

using namespace hadal::rag;

namespace {
// The sentences with | between them.
std::string cut(std::string_view text, size_t near = 200) {
  std::string out;
  size_t from = 0;
  for (const size_t end : sentence_ends(text, near)) {
    std::string_view part = text.substr(from, end - from);
    while (!part.empty() && (part.front() == ' ' || part.front() == '\n')) part.remove_prefix(1);
    if (!out.empty()) out += '|';
    out += part;
    from = end;
  }
  return out;
}
}  // namespace

TEST_CASE("Latin sentences end at marks before white space") {
  CHECK(cut("One. Two? Three!") == "One.|Two?|Three!");
  CHECK(cut("It costs 3.50 today. Yes.") == "It costs 3.50 today.|Yes.");
  CHECK(cut("He said \"Stop.\" Then he left.") == "He said \"Stop.\"|Then he left.");
  CHECK(cut("no end") == "no end");
  CHECK(cut("Wait... What?") == "Wait...|What?");
}

TEST_CASE("abbreviations, initials and list numbers end no sentence") {
  CHECK(cut("Dr. Smith and J. R. Doe met. They spoke.") == "Dr. Smith and J. R. Doe met.|They spoke.");
  CHECK(cut("See fig. 3, e.g. The first one. Done.") == "See fig. 3, e.g. The first one.|Done.");
  CHECK(cut("1. First item. Second.") == "1. First item.|Second.");
  CHECK(cut("The v. quick end. lower case goes on.") == "The v. quick end. lower case goes on.");
}

TEST_CASE("Chinese and Japanese sentences need no space") {
  CHECK(cut("你好。今天很好！是吗？是；对…好") == "你好。|今天很好！|是吗？|是；|对…|好");
  CHECK(cut("他说：“走吧。”然后走了。") == "他说：“走吧。”|然后走了。");
  CHECK(cut("第一行\n第二行") == "第一行\n|第二行");
}

TEST_CASE("an end inside brackets gives way to a later one outside, if that is near") {
  CHECK(cut("A rule (see one. Then two.) holds here. Next.") == "A rule (see one. Then two.) holds here.|Next.");
  CHECK(cut("A rule (see one. Then two.) holds here. Next.", 5) == "A rule (see one.|Then two.) holds here.|Next.");
  CHECK(cut("（甲。乙）丙。丁。") == "（甲。乙）丙。|丁。");
}

TEST_CASE("a text that opens bracket after bracket is cut in time that grows with it") {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += "(a. ";
  const std::clock_t start = std::clock();
  CHECK(sentence_ends(text).back() == text.size());
  CHECK(std::clock() - start < 10 * CLOCKS_PER_SEC);   // seconds of the processor, whoever else needs it
}
