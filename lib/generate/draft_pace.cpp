#include "generate/draft_pace.hpp"

#include <algorithm>

namespace hadal {
namespace {

constexpr int64_t kFirstLength = 4;
constexpr double kFirstShare = 0.6;
constexpr double kShareMemory = 1.0 / 8;   // weight of the newest guess
constexpr double kCostMemory = 1.0 / 8;    // of the newest run
constexpr double kDisturbed = 2;            // a run this many times the average is taken for no more than that
constexpr double kWorthIt = 1.03;           // what a gain must be to count: the averages are no better than that
constexpr int64_t kLeastPatience = 16, kMostPatience = 256, kCostlyPatience = 8;
constexpr int64_t kRestPerPatience = 4;
constexpr int64_t kTrial = 3;               // guesses checked to learn what it costs by now

void average(double& mean, double value, double weight) {
  if (mean == 0) mean = value;
  else mean += (std::min(value, mean * kDisturbed) - mean) * weight;
}

}  // namespace

void StepCosts::measured(int64_t tokens, int64_t ns) {
  if (tokens > 0 && tokens < int64_t(kSizes) && ns > 0) average(ns_[size_t(tokens)], double(ns), kCostMemory);
}

double StepCosts::estimate(int64_t tokens) const {
  const size_t wanted = size_t(std::clamp<int64_t>(tokens, 1, int64_t(kSizes) - 1));
  size_t below = wanted, above = wanted;
  while (below > 0 && ns_[below] == 0) --below;
  while (above < kSizes && ns_[above] == 0) ++above;
  if (above == kSizes) return ns_[below];   // ns_[0] is never measured
  if (below == 0 || below == above) return ns_[above];
  const double share = double(wanted - below) / double(above - below);
  return ns_[below] + (ns_[above] - ns_[below]) * share;
}

void DraftPace::restart(bool automatic, bool costly) {
  *this = {};
  automatic_ = automatic;
  costly_ = costly;
  length_ = kFirstLength;
  right_share_ = kFirstShare;
  patience_ = kLeastPatience;
}

int64_t DraftPace::wanted() {
  if (rest_ > 0) {
    --rest_;
    return 0;
  }
  return automatic_ ? kMostDrafts : length_;
}

// Expected tokens per nanosecond of the whole run decide: the others in it get one each.
int64_t DraftPace::best(const StepCosts& costs, int64_t tokens, int64_t most) const {
  const double plain_ns = costs.estimate(tokens);
  if (plain_ns == 0) return 0;   // first learn what a step without guesses takes
  int64_t best = 0;
  double best_rate = kWorthIt * double(tokens) / plain_ns;
  double expected = double(tokens), reached = 1;
  for (int64_t count = 1; count <= most; ++count) {
    reached *= right_share_;
    expected += reached;
    const double rate = expected / (costs.estimate(tokens + count) + draft_ns_);
    if (rate <= best_rate) continue;
    best_rate = rate;
    best = count;
  }
  return best;
}

int64_t DraftPace::choose(const StepCosts& costs, int64_t tokens, int64_t most) {
  if (most <= 0) return 0;
  if (!automatic_) return std::min(most, length_);
  const int64_t count = best(costs, tokens, most);
  if (count > 0) {
    left_out_ = 0;
    patience_ = kLeastPatience;
    return count;
  }
  if (++left_out_ < (costly_ ? kCostlyPatience : patience_)) return 0;
  left_out_ = 0;
  patience_ = std::min(patience_ * 2, kMostPatience);
  if (costly_) rest_ = patience_ * kRestPerPatience;
  return std::min(most, kTrial);
}

void DraftPace::verified(int64_t checked, int64_t known, int64_t right) {
  for (int64_t i = 0; i < right; ++i) right_share_ += (1 - right_share_) * kShareMemory;
  if (right < known) right_share_ -= right_share_ * kShareMemory;
  if (checked == 0) return;
  if (right >= checked) length_ = std::max(length_, std::min(checked + 2, kMostDrafts));
  else length_ = std::max<int64_t>(1, std::min(right + 1, checked));
}

void DraftPace::drafting_took(int64_t ns) { average(draft_ns_, double(ns), kCostMemory); }

}  // namespace hadal
