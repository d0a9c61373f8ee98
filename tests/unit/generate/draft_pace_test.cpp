#include "generate/draft_pace.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hadal;

namespace {

// Runs of `tokens` tokens take base + each * tokens.
StepCosts costs_of(int64_t base, int64_t each) {
  StepCosts costs;
  for (int64_t tokens = 1; tokens <= 16; ++tokens) costs.measured(tokens, base + each * tokens);
  return costs;
}

DraftPace automatic(bool costly = false) {
  DraftPace pace;
  pace.restart(true, costly);
  return pace;
}

// Guesses checked in many steps that have seven, all right or all wrong.
int64_t checked_in(DraftPace& pace, const StepCosts& costs, int steps, bool right) {
  int64_t sum = 0;
  for (int step = 0; step < steps; ++step) {
    const int64_t count = pace.choose(costs, 1, 7);
    sum += count;
    const int64_t said = right ? count + 1 : 1, known = std::min<int64_t>(said, 7);
    pace.verified(count, known, right ? known : 0);
  }
  return sum;
}

}  // namespace

TEST_CASE("run times between measured sizes lie on the line between them, beyond them they stay") {
  StepCosts costs;
  CHECK(costs.estimate(1) == 0);
  costs.measured(2, 100);
  CHECK(costs.estimate(1) == 100);
  CHECK(costs.estimate(9) == 100);
  costs.measured(6, 300);
  CHECK(costs.estimate(3) == doctest::Approx(150));
  CHECK(costs.estimate(6) == 300);
  CHECK(costs.estimate(1000) == 300);
}

TEST_CASE("one disturbed run does not spoil an average") {
  StepCosts costs;
  for (int i = 0; i < 20; ++i) costs.measured(1, 100);
  costs.measured(1, 100000);
  CHECK(costs.estimate(1) < 115);
  costs.measured(1, 0);
  costs.measured(0, 5);
  costs.measured(1000000, 5);
  CHECK(costs.estimate(1) < 115);
}

TEST_CASE("automatic drafts begin when a step without them was measured") {
  DraftPace pace = automatic();
  CHECK(pace.choose({}, 1, 7) == 0);
  CHECK(pace.choose(costs_of(1000, 1), 1, 7) > 0);
}

TEST_CASE("automatic drafts stay while guesses are right and cheap, and nearly stop while they are wrong") {
  DraftPace good = automatic(), bad = automatic();
  const StepCosts cheap = costs_of(1000, 50);
  CHECK(checked_in(good, cheap, 100, true) > 500);
  checked_in(bad, cheap, 100, false);
  CHECK(checked_in(bad, cheap, 1000, false) < 30);
  CHECK(checked_in(bad, cheap, 100, true) > 500);   // the text has changed: guesses that are not fed are compared too
}

TEST_CASE("automatic drafts nearly stop where checking costs as much as saying") {
  DraftPace pace = automatic();
  const StepCosts dear = costs_of(0, 1000);
  checked_in(pace, dear, 100, true);
  CHECK(checked_in(pace, dear, 1000, true) < 30);
}

TEST_CASE("a costly drafter that does not pay is left alone for longer and longer") {
  DraftPace pace = automatic(true);
  const StepCosts dear = costs_of(0, 1000);
  int64_t asked = 0;
  for (int step = 0; step < 4000; ++step) {
    if (pace.wanted() == 0) continue;
    ++asked;
    pace.choose(dear, 1, 7);
    pace.verified(0, 1, 0);
  }
  CHECK(asked < 400);
  CHECK(asked > 8);
}

TEST_CASE("drafts that are on follow how many were right, whatever it costs") {
  DraftPace pace;
  pace.restart(false, false);
  const StepCosts none;
  CHECK(pace.choose(none, 1, 7) == 4);
  pace.verified(4, 4, 4);
  CHECK(pace.choose(none, 1, 7) == 6);
  pace.verified(6, 6, 6);
  CHECK(pace.wanted() == 7);
  pace.verified(7, 3, 2);
  CHECK(pace.choose(none, 1, 7) == 3);
  pace.verified(3, 1, 0);
  CHECK(pace.choose(none, 1, 7) == 1);
  CHECK(pace.choose(none, 1, 0) == 0);
}
