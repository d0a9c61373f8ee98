// The default model says the same with and without drafts, on text that repeats itself and on text that does not.
#include <doctest/doctest.h>

#include <string>

#include "generate/session.hpp"
#include "unit/generate/tiny_session.hpp"
#include "unit/models/default_model.hpp"

using namespace hadal;
using namespace hadal::test;

TEST_CASE("SmolLM2 says the same with n-gram drafts, for 1, 2 and 3 threads and any chunk") {
  const auto path = default_model();
  if (!path) {
    MESSAGE("skipped: the default model is not here; ./demo.sh fetches it");
    return;
  }
  const auto open = [&](const std::string& text) {
    Options options;
    options.merge(text, OptionLevel::runtime);
    return Model::open(
        std::make_shared<Runtime>(system_host(), options, nullptr), options,
        [&](bool) { return open_checkpoint(system_host(), *path); }, [](std::string_view, double) {});
  };
  struct Prompt {
    const char* text;
    bool repeats;
  };
  const Prompt prompts[] = {
      {"Repeat this list word for word: apples, oranges, pears, plums, cherries, figs, dates, melons, grapes.", true},
      {"Why is the sea salty?", false}};
  const char* const length = short_tests() ? "; max_tokens=24" : "; max_tokens=48";
  struct Place {
    const char* options;
    size_t prompts;
  };
  for (const Place& place : {Place{"threads=2", 2}, Place{"threads=1; chunk=5", 1}, Place{"threads=3; drafts=on", 1}}) {
    CAPTURE(place.options);
    const auto model = open(place.options);
    for (size_t i = 0; i < place.prompts; ++i) {
      CAPTURE(prompts[i].text);
      for (const char* sampling : {"temperature=0", "temperature=0.7; seed=5; repeat_penalty=1.1"}) {
        CAPTURE(sampling);
        std::vector<int32_t> expected;
        for (const char* drafts : {"off", "ngram", "auto"}) {
          if (i > 0 && std::string_view(drafts) == "auto") continue;
          const auto session = make_session(model, std::string(sampling) + length + "; drafts=" + drafts);
          session->add("user", prompts[i].text);
          session->until_over(kNever);
          if (expected.empty()) expected = session->tokens(0);
          CHECK(session->tokens(0) == expected);
          const Usage usage = session->usage();
          if (prompts[i].repeats && std::string_view(drafts) == "ngram") CHECK(usage.accepted_tokens > 0);
        }
      }
    }
  }
}
