#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

#include "core/status.hpp"
#include "generate/sampler.hpp"

using namespace hadal;

namespace {

constexpr int kDraws = 40000;

std::vector<double> shares(Sampler& sampler, const std::vector<float>& logits, const std::vector<int32_t>& timeline = {}) {
  std::vector<double> out(logits.size());
  for (int i = 0; i < kDraws; ++i) out[size_t(sampler.choose(logits, timeline))] += 1.0 / kDraws;
  return out;
}

std::vector<double> softmax(const std::vector<float>& logits, double temperature) {
  double sum = 0;
  std::vector<double> out;
  for (const float x : logits) out.push_back(std::exp(x / temperature));
  for (const double p : out) sum += p;
  for (double& p : out) p /= sum;
  return out;
}

// Four standard deviations of a share of kDraws draws.
double tolerance(double p) { return 4 * std::sqrt(p * (1 - p) / kDraws) + 1e-9; }

}  // namespace

TEST_CASE("temperature 0 takes the most likely token, of equals the lowest id") {
  Sampler sampler({.temperature = 0}, 5, 1);
  CHECK(sampler.choose(std::vector<float>{1, 3, 2, 3, 0}, {}) == 1);
  CHECK(sampler.choose(std::vector<float>{-1, -1, -1, -1, -1}, {}) == 0);
}

TEST_CASE("draws follow the softmax at the temperature") {
  const std::vector<float> logits = {0.5f, 2.0f, -1.0f, 1.0f, 0.0f};
  for (const double temperature : {0.5, 1.0, 2.0}) {
    CAPTURE(temperature);
    Sampler sampler({.temperature = temperature}, 5, 42);
    const auto expected = softmax(logits, temperature), found = shares(sampler, logits);
    for (size_t i = 0; i < logits.size(); ++i) CHECK(std::abs(found[i] - expected[i]) <= tolerance(expected[i]));
  }
}

TEST_CASE("top_k, top_p and min_p keep exactly the tokens their definitions name") {
  // Probabilities 0.4, 0.3, 0.2, 0.1.
  std::vector<float> logits;
  for (const double p : {0.1, 0.4, 0.2, 0.3}) logits.push_back(float(std::log(p)));
  const auto kept = [&](SamplerSettings settings) {
    settings.temperature = 1;
    Sampler sampler(settings, 4, 7);
    std::vector<bool> out;
    for (const double share : shares(sampler, logits)) out.push_back(share > 0);
    return out;
  };
  CHECK(kept({}) == std::vector<bool>{true, true, true, true});
  CHECK(kept({.top_k = 2}) == std::vector<bool>{false, true, false, true});
  CHECK(kept({.top_k = 9}) == std::vector<bool>{true, true, true, true});
  CHECK(kept({.top_p = 0.0}) == std::vector<bool>{false, true, false, false});
  CHECK(kept({.top_p = 0.39}) == std::vector<bool>{false, true, false, false});
  CHECK(kept({.top_p = 0.69}) == std::vector<bool>{false, true, false, true});
  CHECK(kept({.top_p = 0.75}) == std::vector<bool>{false, true, true, true});
  CHECK(kept({.min_p = 0.6}) == std::vector<bool>{false, true, false, true});   // 0.6 * 0.4 = 0.24
  CHECK(kept({.top_k = 3, .top_p = 0.5}) == std::vector<bool>{false, true, false, true});
}

TEST_CASE("top_p over a large vocabulary keeps the smallest set that reaches it") {
  std::vector<float> logits(30000);
  Random random(5);
  for (float& x : logits) x = float(random.uniform() * 12);
  std::vector<int32_t> order;
  largest(logits, logits.size(), order);
  const double total = log_sum_exp(logits);
  size_t needed = 0;
  for (double sum = 0; sum < 0.6; ++needed) sum += std::exp(double(logits[size_t(order[needed])]) - total);
  std::map<int32_t, size_t> rank;
  for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  Sampler sampler({.temperature = 1, .top_p = 0.6}, 30000, 3);
  size_t worst = 0;
  for (int i = 0; i < 3000; ++i) worst = std::max(worst, rank[sampler.choose(logits, {})]);
  CHECK(worst < needed);
  CHECK(worst > needed / 2);
}

TEST_CASE("penalties and biases change logits as documented") {
  const std::vector<float> logits = {2.0f, 1.9f, -1.0f};
  CHECK(Sampler({.repeat_penalty = 1.1}, 3, 1).choose(logits, std::vector<int32_t>{0}) == 1);
  CHECK(Sampler({.presence_penalty = 0.2}, 3, 1).choose(logits, std::vector<int32_t>{0, 0}) == 1);
  CHECK(Sampler({.frequency_penalty = 0.06}, 3, 1).choose(logits, std::vector<int32_t>{0}) == 0);
  CHECK(Sampler({.frequency_penalty = 0.06}, 3, 1).choose(logits, std::vector<int32_t>{0, 0}) == 1);
  CHECK(Sampler({.frequency_penalty = 0.06, .penalty_window = 1}, 3, 1).choose(logits, std::vector<int32_t>{0, 0}) == 0);
  CHECK(Sampler({.logit_bias = {{2, 10.0f}}}, 3, 1).choose(logits, {}) == 2);
  // A negative logit is multiplied: it falls too.
  const std::vector<float> negative = {-1.0f, -1.05f};
  CHECK(Sampler({.repeat_penalty = 1.2}, 2, 1).choose(negative, std::vector<int32_t>{0}) == 1);
  CHECK_THROWS_AS(Sampler({.logit_bias = {{3, 1.0f}}}, 3, 1), Error);
}

TEST_CASE("penalties leave no trace for the next token") {
  Sampler sampler({.presence_penalty = 5}, 3, 1);
  const std::vector<float> logits = {2, 1, 0};
  CHECK(sampler.choose(logits, std::vector<int32_t>{0}) == 1);
  CHECK(sampler.choose(logits, std::vector<int32_t>{}) == 0);
}

TEST_CASE("the same seed gives the same tokens, and its state can be carried over") {
  const std::vector<float> logits = {1, 1, 1, 1, 1, 1, 1, 1};
  Sampler a({.temperature = 1}, 8, 99), b({.temperature = 1}, 8, 99), c({.temperature = 1}, 8, 100);
  std::vector<int32_t> of_a, of_b, of_c;
  for (int i = 0; i < 50; ++i) {
    of_a.push_back(a.choose(logits, {}));
    of_b.push_back(b.choose(logits, {}));
    of_c.push_back(c.choose(logits, {}));
  }
  CHECK(of_a == of_b);
  CHECK(of_a != of_c);
  std::copy(a.random().state().begin(), a.random().state().end(), c.random().state().begin());
  for (int i = 0; i < 50; ++i) CHECK(a.choose(logits, {}) == c.choose(logits, {}));
}

TEST_CASE("the generator is xoshiro256** over splitmix64") {
  // First outputs for seed 0, from the authors' reference code.
  Random random(0);
  CHECK(random.next() == 0x99EC5F36CB75F2B4u);
  CHECK(random.next() == 0xBF6E1F784956452Au);
}

TEST_CASE("NaN and infinity among the logits are a failure, not a choice") {
  Sampler sampler({.temperature = 1}, 3, 1);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    try {
      sampler.choose(std::vector<float>{0, bad, 1}, {});
      FAIL("expected a failure");
    } catch (const Error& error) {
      CHECK(error.status() == Status::numeric);
    }
  }
  // Rows of the head beyond the tokenizer are not looked at.
  CHECK_NOTHROW(sampler.choose(std::vector<float>{0, 2, 1, std::numeric_limits<float>::quiet_NaN()}, {}));
}

TEST_CASE("log_sum_exp and the largest logits agree with their definitions") {
  const std::vector<float> logits = {1000, 999, 1000};
  CHECK(log_sum_exp(logits) == doctest::Approx(1000 + std::log(2 + std::exp(-1.0))));
  std::vector<int32_t> order;
  largest(logits, 2, order);
  CHECK(order == std::vector<int32_t>{0, 2});
  largest(logits, 9, order);
  CHECK(order == std::vector<int32_t>{0, 2, 1});
}
