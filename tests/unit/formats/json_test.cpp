#include <doctest/doctest.h>

#include "formats/json.hpp"
#include "unit/formats/expect_error.hpp"

#if defined(HADAL_WITH_JSON)

namespace {

using namespace hadal;
using namespace hadal::test;

std::string refused(const std::string& text) {
  return sentence_of(Status::corrupt, [&] { parse_json(text, "test.json"); });
}

}  // namespace

TEST_CASE("JSON keeps kinds, order and exact integers") {
  const Json json = parse_json(R"({"z": [1, -2, 9223372036854775807, 9223372036854775808, 0.5, 1e3],
                                   "a": {"true": true, "null": null}, "text": "\u00e9\ud83d\ude00\n"})", "test.json");
  REQUIRE(json.as_object());
  CHECK((*json.as_object())[0].first == "z");
  CHECK((*json.as_object())[1].first == "a");
  const Json::Array& numbers = *json.find("z")->as_array();
  CHECK(*numbers[0].as_integer() == 1);
  CHECK(*numbers[1].as_integer() == -2);
  CHECK(*numbers[2].as_integer() == INT64_MAX);
  CHECK(*numbers[3].as_double() == 9223372036854775808.0);
  CHECK(*numbers[4].as_double() == 0.5);
  CHECK(*numbers[5].as_double() == 1000.0);
  CHECK(*json.find("a")->find("true")->as_bool());
  CHECK(json.find("a")->find("null")->is_null());
  CHECK(*json.find("text")->as_string() == "\xC3\xA9\xF0\x9F\x98\x80\n");
  CHECK(!json.find("b"));
  CHECK(!numbers[0].find("b"));
}

TEST_CASE("malformed JSON is refused with the name and the offset") {
  CHECK(mentions(refused("{\"a\": tru}"), "test.json: malformed JSON at byte 9"));
  CHECK(mentions(refused(""), "at byte 0"));
  for (const char* text : {"{", "[1,]", "{\"a\":1,}", "01", "1.", "+1", "nan", "'a'", "\"\t\"", "\"\\x\"", "[1] 2", "// c\n1",
                           "\"\\ud800\"", "1e999", "\xFE"}) {
    CAPTURE(text);
    refused(text);
  }
  refused(std::string("[1]\0", 4));
  CHECK(mentions(refused("\"\xC0\xAF\""), "invalid UTF-8 at byte 1"));
}

TEST_CASE("keys that appear twice are refused, in small and in large objects") {
  CHECK(mentions(refused(R"({"a":1,"b":2,"a":3})"), "\"a\" appears twice"));
  std::string large = "{";
  for (int i = 0; i < 100; ++i) large += "\"k" + std::to_string(i) + "\":0,";
  CHECK(mentions(refused(large + "\"k3\":1}"), "\"k3\" appears twice"));
  CHECK(mentions(refused(large + "\"k99\":1}"), "\"k99\" appears twice"));
  CHECK(parse_json(large + "\"k100\":1}", "test.json").as_object()->size() == 101);
}

TEST_CASE("nesting is bounded at 128 levels") {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parse_json(nested(128), "test.json").as_array());
  CHECK(mentions(refused(nested(129)), "nested deeper than 128"));
  refused(std::string(10'000'000, '['));
}

#else

TEST_CASE("a build without JSON says so") {
  using namespace hadal::test;
  CHECK(mentions(sentence_of(hadal::Status::unsupported, [] { hadal::parse_json("{}", "config.json"); }), "HADAL_JSON"));
}

#endif
