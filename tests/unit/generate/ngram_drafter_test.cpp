#include "generate/ngram_drafter.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hadal;

namespace {

std::vector<int32_t> guesses(const std::vector<int32_t>& timeline, size_t most) {
  std::vector<int32_t> out(most);
  out.resize(size_t(look_up_continuation(timeline, out)));
  return out;
}

using Ids = std::vector<int32_t>;

}  // namespace

TEST_CASE("what followed the last two tokens before is the guess") {
  CHECK(guesses({1, 2, 3, 4, 5, 9, 1, 2}, 3) == Ids{3, 4, 5});
  CHECK(guesses({1, 2, 3, 4, 5, 9, 1, 2}, 0).empty());
}

TEST_CASE("without an earlier place where the last two tokens stood together nothing is guessed") {
  CHECK(guesses({}, 4).empty());
  CHECK(guesses({1}, 4).empty());
  CHECK(guesses({1, 1}, 4).empty());
  CHECK(guesses({1, 2, 3, 4}, 4).empty());
  CHECK(guesses({2, 3, 1, 2}, 4).empty());   // 2 alone stood there
}

TEST_CASE("the longest match wins, and the latest among equals") {
  CHECK(guesses({7, 1, 2, 50, 8, 1, 2, 60, 9, 7, 1, 2}, 1) == Ids{50});
  CHECK(guesses({8, 1, 2, 50, 9, 1, 2, 60, 7, 1, 2}, 1) == Ids{60});
}

TEST_CASE("a repeated phrase is guessed to go on being repeated") {
  CHECK(guesses({5, 6, 7, 5, 6, 7}, 7) == Ids{5, 6, 7, 5, 6, 7, 5});
  CHECK(guesses({4, 4, 4}, 5) == Ids{4, 4, 4, 4, 4});
  CHECK(guesses({9, 1, 2, 1, 2}, 4) == Ids{1, 2, 1, 2});
}

TEST_CASE("a drafter gives as many guesses as it is asked for, at most what a step checks") {
  NgramDrafter drafter;
  const Ids timeline{1, 2, 3, 1, 2};
  CHECK(drafter.start({.timeline = timeline, .most = 2}));
  CHECK(drafter.guesses().size() == 2);
  CHECK(drafter.start({.timeline = timeline, .most = 100}));
  CHECK(drafter.guesses().size() == size_t(kMostDrafts));
  CHECK(drafter.start({.timeline = timeline, .most = 0}));
  CHECK(drafter.guesses().empty());
}
