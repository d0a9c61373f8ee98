// DeepSeek-V3's own draft layer in sessions: the text stays the same, and a layer that predicts well saves steps.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "generate/session.hpp"
#include "unit/generate/tiny_session.hpp"
#include "unit/models/tiny_weights.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

enum class Weights : uint8_t { random, predictable };

std::shared_ptr<Checkpoint> checkpoint_of(Weights weights) {
  std::ifstream file(HADAL_TEST_DATA "/models/deepseek_v3_mtp/config.json");
  const auto checkpoint = tiny_checkpoint({std::istreambuf_iterator<char>(file), {}});
  if (weights == Weights::random) return checkpoint;
  // Blocks that add nothing leave a next token that depends on the last one alone, and a layer that passes the
  // embedding of the token on says the same of the token after it.
  const auto values = [&](const StoredTensor& tensor) {
    return std::span(reinterpret_cast<float*>(const_cast<std::byte*>(tensor.data)), tensor.bytes / sizeof(float));
  };
  for (const StoredTensor& tensor : checkpoint->tensors) {
    const auto out = values(tensor);
    if (tensor.name.ends_with("o_proj.weight") || tensor.name.ends_with("down_proj.weight")) {
      std::fill(out.begin(), out.end(), 0.0f);
    } else if (tensor.name.ends_with("enorm.weight")) {
      std::fill(out.begin(), out.end(), 1.0f);
    } else if (tensor.name.ends_with("shared_head.norm.weight")) {
      const auto norm = values(*checkpoint->find("model.norm.weight"));
      std::copy(norm.begin(), norm.end(), out.begin());
    } else if (tensor.name.ends_with("eh_proj.weight")) {
      std::fill(out.begin(), out.end(), 0.0f);
      for (int64_t i = 0; i < tensor.shape[0]; ++i) out[size_t(i * tensor.shape[1] + i)] = 1;
    }
  }
  return checkpoint;
}

std::shared_ptr<Model> open_v3(Weights weights, const std::string& text) {
  Options options;
  options.merge("threads=2; context=256; " + text, OptionLevel::runtime);
  return Model::open(
      std::make_shared<Runtime>(system_host(), options, nullptr), options, [&](bool) { return checkpoint_of(weights); },
      [](std::string_view, double) {});
}

std::vector<int32_t> prompt_of(int from, int count) {
  std::vector<int32_t> out;
  for (int i = 0; i < count; ++i) out.push_back((from + 37 * i) % 160);
  return out;
}

double tokens_per_step(const Usage& usage) {
  return double(usage.generated_tokens) / double(usage.generated_tokens - usage.accepted_tokens);
}

// Backends that can run the model; the reference always.
std::vector<std::string> backends() {
  std::vector<std::string> out = {"backend=reference"};
  try {
    open_v3(Weights::random, "backend=cpu");
    out.push_back("backend=cpu");
  } catch (const Error& error) {
    MESSAGE("skipped: ", error.what());
  }
  return out;
}

const char* const kSampling[] = {"temperature=0; max_tokens=40", "temperature=0.8; seed=3; max_tokens=40"};

}  // namespace

TEST_CASE("a session says the same with the model's own draft layer, whatever it guesses") {
  for (const std::string& backend : backends()) {
    CAPTURE(backend);
    for (const Weights weights : {Weights::random, Weights::predictable}) {
      const auto plain = open_v3(weights, backend);
      for (const char* settings : {"; drafts=mtp", "; drafts=on; chunk=7", "; drafts=auto; batch=1"}) {
        CAPTURE(settings);
        const auto drafting = open_v3(weights, backend + settings);
        for (const char* sampling : kSampling) {
          CAPTURE(sampling);
          const auto expected = make_session(plain, sampling), session = make_session(drafting, sampling);
          for (int turn = 0; turn < 3; ++turn) {
            CHECK(generate(*session, prompt_of(turn, 30)) == generate(*expected, prompt_of(turn, 30)));
            CHECK(row(*session) == row(*expected));
          }
        }
      }
    }
  }
}

TEST_CASE("a draft layer that predicts well saves steps, in budgets, forks and company too") {
  for (const std::string& backend : backends()) {
    CAPTURE(backend);
    const auto model = open_v3(Weights::predictable, backend + "; drafts=mtp");
    const char* const options = "temperature=0; max_tokens=60";
    const auto alone = make_session(model, options);
    const auto expected = generate(*alone, prompt_of(3, 70));
    CHECK(alone->usage().accepted_tokens == alone->usage().drafted_tokens);
    CHECK(tokens_per_step(alone->usage()) > 3);

    const auto sliced = make_session(model, options);
    sliced->add_tokens(prompt_of(3, 70));
    while (!sliced->over()) sliced->until_over(0);
    CHECK(sliced->tokens(70) == expected);
    CHECK(sliced->usage().accepted_tokens == alone->usage().accepted_tokens);

    const auto first = make_session(model, options), other = make_session(model, options);
    first->add_tokens(prompt_of(3, 70));
    while (first->usage().generated_tokens < 10) first->until_over(0);
    const auto fork = first->fork();
    other->add_tokens(prompt_of(9, 20));
    model->runtime()->step(kNever);
    CHECK(first->tokens(70) == expected);
    CHECK(fork->tokens(70) == expected);
    CHECK(tokens_per_step(first->usage()) > 1.5);
    CHECK(tokens_per_step(other->usage()) > 1.5);
  }
}

TEST_CASE("a draft layer's weights and rows are planned only where they are used") {
  Options options;
  Runtime runtime(system_host(), options, nullptr);
  const auto plan = [&](const char* drafts) {
    Options wanted;
    wanted.set("drafts", drafts, OptionLevel::session);
    return plan_model(runtime, wanted, [](bool) { return checkpoint_of(Weights::random); });
  };
  const ModelPlan off = plan("off"), ngram = plan("ngram"), mtp = plan("mtp");
  CHECK(mtp.parameters > off.parameters);
  CHECK(mtp.cache > off.cache);
  CHECK(mtp.arena > ngram.arena);
  CHECK(ngram.parameters == off.parameters);
  const auto model = open_v3(Weights::random, "drafts=mtp; backend=reference");
  CHECK(make_session(model, "drafts=ngram")->get("drafts") == "ngram");
}
