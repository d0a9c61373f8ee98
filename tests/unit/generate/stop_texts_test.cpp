#include <doctest/doctest.h>

#include "generate/stop_texts.hpp"

using hadal::StopTexts;

namespace {

struct Fed {
  std::string text;
  bool stopped = false;
};

// Byte by byte, so that every way of cutting is met.
Fed feed(std::vector<std::string> stops, std::string_view text) {
  StopTexts filter(std::move(stops));
  Fed fed;
  for (const char c : text)
    if (filter.push({&c, 1}, fed.text)) {
      fed.stopped = true;
      return fed;
    }
  filter.finish(fed.text);
  return fed;
}

}  // namespace

TEST_CASE("text before a stop text comes out, the stop text and what follows does not") {
  for (const char* text : {"one END two", "one END"}) {
    const Fed fed = feed({"END"}, text);
    CHECK(fed.stopped);
    CHECK(fed.text == "one ");
  }
  StopTexts whole({"END"});
  std::string out;
  CHECK(whole.push("one END two", out));
  CHECK(out == "one ");
}

TEST_CASE("a beginning of a stop text is held back until it is clear") {
  StopTexts filter({"\n\nUser:"});
  std::string out;
  CHECK(!filter.push("hello\n", out));
  CHECK(out == "hello");
  CHECK(!filter.push("\nUse", out));
  CHECK(out == "hello");
  CHECK(!filter.push("less", out));
  CHECK(out == "hello\n\nUseless");
  CHECK(!filter.push("\n", out));
  filter.finish(out);
  CHECK(out == "hello\n\nUseless\n");
}

TEST_CASE("overlapping beginnings find a stop text that starts inside a false start") {
  CHECK(feed({"aab"}, "aaab").text == "a");
  CHECK(feed({"abac"}, "ababac").text == "ab");
  CHECK(feed({"xyz", "yz"}, "wxyz").text == "w");   // the one that begins first
}

TEST_CASE("without stop texts everything passes") {
  CHECK(feed({}, "abc").text == "abc");
  CHECK(feed({""}, "abc").text == "abc");
  CHECK(!feed({"abcd"}, "abc").stopped);
  CHECK(feed({"abcd"}, "abc").text == "abc");
}
