#include <doctest/doctest.h>

#include <string>

#include "core/status.hpp"
#include "generate/options.hpp"

using namespace hadal;

namespace {

std::string failure_of(auto&& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(error.status() == Status::invalid_argument);
    return error.what();
  }
  return "no failure";
}

}  // namespace

TEST_CASE("options are pairs of key and value, with or without spaces and quotes") {
  const auto pairs = split_options("  temperature = 0.6;top_p=0.95 ; stop=\"a;b\\\"c\\n\" ;; ");
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0] == std::pair<std::string, std::string>("temperature", "0.6"));
  CHECK(pairs[1] == std::pair<std::string, std::string>("top_p", "0.95"));
  CHECK(pairs[2] == std::pair<std::string, std::string>("stop", "a;b\"c\n"));
  CHECK(split_options("").empty());
  CHECK(split_options(" ; ;").empty());
  CHECK(split_options("system=")[0].second.empty());
  CHECK(split_options("system=a=b")[0].second == "a=b");
}

TEST_CASE("malformed option text is refused with its place") {
  CHECK(failure_of([] { split_options("temperature"); }).find("at byte 0") != std::string::npos);
  CHECK(failure_of([] { split_options("seed=1; =3"); }).find("at byte 8") != std::string::npos);
  CHECK(failure_of([] { split_options("stop=\"abc"); }).find("closing quote") != std::string::npos);
  CHECK(failure_of([] { split_options("stop=\"a\\x\""); }).find("\\n") != std::string::npos);
  CHECK(failure_of([] { split_options("stop=\"a\" b"); }).find("at byte 9") != std::string::npos);
}

TEST_CASE("an unknown key names the nearest known one") {
  Options options;
  CHECK(failure_of([&] { options.set("temprature", "1", OptionLevel::session); }).find("temperature") != std::string::npos);
  CHECK(failure_of([&] { options.set("max_token", "1", OptionLevel::session); }).find("max_tokens") != std::string::npos);
  CHECK(failure_of([&] { options.set("qqqqqqqqqqqqqqq", "1", OptionLevel::session); }) == "no option \"qqqqqqqqqqqqqqq\"");
  CHECK(failure_of([&] { options.set("", "1", OptionLevel::session); }) == "no option \"\"");
}

TEST_CASE("values are checked for type and range, and failures change nothing") {
  Options options;
  options.merge("temperature=0.25; top_k=40", OptionLevel::session);
  for (const char* bad : {"temperature=-0.1", "temperature=nan", "temperature=warm", "temperature=", "top_k=-1", "top_k=1.5",
                          "top_p=1.01", "max_tokens=-2", "seed=-2", "context=1e3", "chunk=0", "thinking=maybe",
                          "logit_bias=x:1", "logit_bias=-1:1", "logit_bias=1:inf", "stop_ids=1,,2", "temperature=1; oops=2"}) {
    CAPTURE(bad);
    CHECK(failure_of([&] { options.merge(bad, OptionLevel::session); }) != "no failure");
    CHECK(options.number("temperature") == 0.25);
    CHECK(options.integer("top_k") == 40);
  }
}

TEST_CASE("byte sizes take K, M and G as powers of 1024") {
  Options options;
  const auto bytes = [&](const char* text) {
    options.set("memory_limit", text, OptionLevel::model);
    return options.integer("memory_limit");
  };
  CHECK(bytes("17") == 17);
  CHECK(bytes("3K") == 3072);
  CHECK(bytes("1.5m") == 1572864);
  CHECK(bytes("2G") == int64_t(2) << 30);
  CHECK(bytes("2GB") == int64_t(2) << 30);
  for (const char* bad : {"K", "1T", "-1", "1 2", "1e400"}) {
    CAPTURE(bad);
    CHECK(failure_of([&] { bytes(bad); }) != "no failure");
  }
}

TEST_CASE("a key of a higher level is refused below it and accepted above") {
  Options options;
  CHECK(failure_of([&] { options.set("backend", "cpu", OptionLevel::session); }).find("belongs to the model") !=
        std::string::npos);
  CHECK(failure_of([&] { options.set("threads", "2", OptionLevel::model); }).find("belongs to the runtime") !=
        std::string::npos);
  options.set("temperature", "1", OptionLevel::runtime);
  CHECK(options.number("temperature") == 1);
}

TEST_CASE("stop texts are one text or a JSON list, biases and ids are lists") {
  Options options;
  options.set("stop", "\n\n", OptionLevel::session);
  CHECK(options.texts("stop") == std::vector<std::string>{"\n\n"});
  options.set("stop", " [ \"###\", \"END\" ]", OptionLevel::session);
  CHECK(options.texts("stop") == std::vector<std::string>{"###", "END"});
  options.set("stop", "[]", OptionLevel::session);
  CHECK(options.texts("stop").empty());
  options.set("stop", "[END]", OptionLevel::session);
  CHECK(options.texts("stop") == std::vector<std::string>{"[END]"});
  options.set("stop", "[\"a\", \"\\u00e9\", \"\"]", OptionLevel::session);
  CHECK(options.texts("stop") == std::vector<std::string>{"a", "\xC3\xA9"});
  CHECK(failure_of([&] { options.set("stop", "[\"a\", 1]", OptionLevel::session); }) != "no failure");
  CHECK(options.texts("stop").size() == 2);
  options.set("logit_bias", " 5 : -2.5 , 7:1e2", OptionLevel::session);
  CHECK(options.biases("logit_bias") == std::vector<std::pair<int32_t, float>>{{5, -2.5f}, {7, 100.f}});
  options.set("stop_ids", "3,4", OptionLevel::session);
  CHECK(options.ids("stop_ids") == std::vector<int64_t>{3, 4});
}

TEST_CASE("every default of the table is a value its own key accepts") {
  for (const OptionInfo& option : option_table()) {
    CAPTURE(option.key);
    Options options;
    CHECK_NOTHROW(options.set(option.key, option.initial, OptionLevel::runtime));
    CHECK(!option.meaning.empty());
  }
}
