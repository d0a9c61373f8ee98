// The same tokens everywhere: greedy text of the default model does not depend on threads, chunks or the layout of
// the weights, at each instruction set level.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/thread_pool.hpp"
#include "tokenizer/tokenizer.hpp"
#include "unit/models/default_model.hpp"
#include "unit/models/model_runner.hpp"

namespace hadal::test {
namespace {

constexpr size_t kGenerated = 64;
constexpr const char* kPrompts[] = {
    "The capital of France is", "Once upon a time, in a village by the sea,", "def fibonacci(n):\n", "1, 2, 3, 4, 5,",
    "Dear Sir or Madam,\n\nI am writing to", "The three laws of motion are", "Water boils at", "In 1969, humans first",
    "A recipe for bread:\n1.", "SELECT name FROM", "The opposite of hot is", "My favourite season is autumn because",
    "To be, or not to be,", "An electron is", "He opened the door and", "The quick brown fox", "Translate to French: good",
    "Photosynthesis is the process by which", "Paris, London, Berlin,", "The meaning of the word \"abyss\" is"};

std::vector<int32_t> greedy(ModelRunner& runner, const std::vector<int32_t>& prompt, int64_t chunk, size_t vocab) {
  runner.reset();
  std::vector<float> logits = runner.feed(prompt, chunk);
  std::vector<int32_t> text;
  while (true) {
    const auto last = logits.end() - std::ptrdiff_t(vocab);
    text.push_back(int32_t(std::max_element(last, logits.end()) - last));
    if (text.size() == kGenerated) return text;
    logits = runner.feed(std::span(text).last(1), 1);
  }
}

}  // namespace

TEST_CASE("greedy text is the same for 1, 2 and 3 threads, any chunk, panels or file layout") {
  const auto path = default_model();
  if (!path) {
    MESSAGE("skipped: the default model is not here; ./demo.sh fetches it");
    return;
  }
  const auto checkpoint = open_checkpoint(system_host(), *path);
  const auto tokenizer = load_tokenizer(*checkpoint);
  const auto model = build_text_model(checkpoint);
  const size_t vocab = size_t(model->config.vocab_size);
  const size_t prompts = long_tests() ? std::size(kPrompts) : short_tests() ? 1 : 4;
  for (const char* level : {"avx2", "avx512"}) {
    CAPTURE(level);
    const auto run = [&](int threads, int64_t chunk, bool panels) {
      ThreadPool pool(threads);
      BackendOptions options;
      options.cpu = level;
      options.panels = panels;
      ModelRunner runner(*model, "cpu", options, pool);
      std::vector<std::vector<int32_t>> texts;
      for (size_t i = 0; i < prompts; ++i) {
        std::vector<int32_t> prompt;
        tokenizer->encode(kPrompts[i], false, prompt);
        texts.push_back(greedy(runner, prompt, chunk, vocab));
      }
      return texts;
    };
    std::vector<std::vector<int32_t>> expected;
    try {
      expected = run(2, 512, true);
    } catch (const Error& error) {
      REQUIRE(error.status() == Status::unsupported);
      MESSAGE("skipped: ", std::string(error.what()));
      continue;
    }
    std::string france = decode(*tokenizer, expected[0], true);
    CHECK(france.find("Paris") != std::string::npos);
    struct Variant {
      int threads;
      int64_t chunk;
      bool panels;
    };
    for (const Variant& v : {Variant{1, 512, true}, Variant{3, 512, true}, Variant{2, 1, true}, Variant{2, 7, true},
                             Variant{2, 64, true}, Variant{2, 512, false}}) {
      CAPTURE(v.threads);
      CAPTURE(v.chunk);
      CAPTURE(v.panels);
      CHECK(run(v.threads, v.chunk, v.panels) == expected);
    }
    MESSAGE("level ", std::string(level), ": ", prompts, " prompts of ", kGenerated, " tokens, 7 ways");
  }
}

}  // namespace hadal::test
