// How many guesses a step checks: as many as were right of late, and in automatic mode only if that saves time.
#pragma once

#include <array>
#include <cstdint>

#include "generate/drafter.hpp"

namespace hadal {

// What a run of the main model takes, by its number of tokens. Of runs that feed no prompt, so that they compare.
class StepCosts {
 public:
  void measured(int64_t tokens, int64_t ns);
  // Between two sizes that were measured: on the line between them. Beyond them: the nearest one's, so that a size not
  // tried yet looks worth a try. 0: nothing was measured yet.
  double estimate(int64_t tokens) const;

 private:
  static constexpr size_t kSizes = 64;
  std::array<double, kSizes> ns_{};   // by number of tokens, moving averages; 0: not measured
};

// One session's.
class DraftPace {
 public:
  // costly: guessing takes a run of its own, which automatic mode leaves out too where it does not pay.
  void restart(bool automatic, bool costly);

  // Guesses worth asking the drafter for after this step; 0: rest.
  int64_t wanted();
  bool resting() const { return rest_ > 0; }
  // How many of `most` guesses to check in a run that has `tokens` tokens without them.
  int64_t choose(const StepCosts& costs, int64_t tokens, int64_t most);
  // `checked` guesses were fed and of all guesses, fed or not, the first `known` could be compared with what was said;
  // the first `right` of them agreed.
  void verified(int64_t checked, int64_t known, int64_t right);
  void drafting_took(int64_t ns);

 private:
  int64_t best(const StepCosts& costs, int64_t tokens, int64_t most) const;

  bool automatic_ = false, costly_ = false;
  int64_t length_ = 0;          // checked at most, without automatic mode
  double right_share_ = 0;      // how often a guess was right whose forerunners were
  double draft_ns_ = 0;
  int64_t left_out_ = 0;        // steps in a row that checked nothing though there were guesses
  int64_t patience_ = 0;        // of these, until one is tried all the same
  int64_t rest_ = 0;            // steps without asking a costly drafter
};

}  // namespace hadal
