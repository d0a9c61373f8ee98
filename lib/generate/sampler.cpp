#include "generate/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

uint64_t splitmix(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

constexpr uint64_t rotate_left(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

// More likely first; among equals the lower id.
struct Better {
  std::span<const float> logits;
  bool operator()(int32_t a, int32_t b) const {
    const float x = logits[size_t(a)], y = logits[size_t(b)];
    return x != y ? x > y : a < b;
  }
};

int32_t most_likely(std::span<const float> logits) {
  return int32_t(std::max_element(logits.begin(), logits.end()) - logits.begin());   // the first of equals
}

}  // namespace

SamplerSettings sampler_settings(const Options& options) {
  return {.temperature = options.number("temperature"),
          .top_k = options.integer("top_k"),
          .top_p = options.number("top_p"),
          .min_p = options.number("min_p"),
          .repeat_penalty = options.number("repeat_penalty"),
          .presence_penalty = options.number("presence_penalty"),
          .frequency_penalty = options.number("frequency_penalty"),
          .penalty_window = options.integer("penalty_window"),
          .logit_bias = options.biases("logit_bias")};
}

Random::Random(uint64_t seed) {
  for (uint64_t& word : state_) word = splitmix(seed);
}

uint64_t Random::next() {
  const uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

void check_finite(std::span<const float> logits) {
  float poison = 0;   // x * 0 is NaN for NaN and infinity, and 0 otherwise
  for (const float x : logits) poison += x * 0.0f;
  if (poison == 0) return;
  for (size_t i = 0; i < logits.size(); ++i)
    if (!std::isfinite(logits[i]))
      throw Error(Status::numeric, message("logits: expected finite numbers, found ",
                                           std::isnan(logits[i]) ? "NaN" : "infinity", " for token ", i));
}

double log_sum_exp(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += std::exp(double(x) - top);
  return top + std::log(sum);
}

void largest(std::span<const float> logits, size_t n, std::vector<int32_t>& out) {
  out.resize(logits.size());
  std::iota(out.begin(), out.end(), 0);
  n = std::min(n, out.size());
  std::partial_sort(out.begin(), out.begin() + ptrdiff_t(n), out.end(), Better{logits});
  out.resize(n);
}

Sampler::Sampler(SamplerSettings settings, int32_t vocabulary, uint64_t seed)
    : vocabulary_(vocabulary), random_(seed), logits_(size_t(vocabulary)), order_(size_t(vocabulary)),
      probability_(size_t(vocabulary)), counts_(size_t(vocabulary)) {
  change(std::move(settings));
}

void Sampler::change(SamplerSettings settings) {
  for (const auto& [id, bias] : settings.logit_bias)
    if (id >= vocabulary_)
      throw Error(Status::invalid_argument,
                  message("option logit_bias: expected ids below ", vocabulary_, ", found ", id));
  settings_ = std::move(settings);
}

void Sampler::adjust(std::span<const int32_t> timeline) {
  for (const auto& [id, bias] : settings_.logit_bias) logits_[size_t(id)] += bias;
  const SamplerSettings& s = settings_;
  if (s.repeat_penalty == 1 && s.presence_penalty == 0 && s.frequency_penalty == 0) return;
  if (s.penalty_window >= 0 && timeline.size() > uint64_t(s.penalty_window))
    timeline = timeline.last(size_t(s.penalty_window));
  for (const int32_t id : timeline)
    if (id < vocabulary_) ++counts_[size_t(id)];
  for (const int32_t id : timeline) {
    if (id >= vocabulary_ || counts_[size_t(id)] == 0) continue;
    const double x = logits_[size_t(id)];
    const double repeated = x > 0 ? x / s.repeat_penalty : x * s.repeat_penalty;
    logits_[size_t(id)] = float(repeated - s.presence_penalty - s.frequency_penalty * counts_[size_t(id)]);
    counts_[size_t(id)] = 0;
  }
}

int32_t Sampler::choose(std::span<const float> logits, std::span<const int32_t> timeline) {
  logits = logits.first(std::min(logits.size(), size_t(vocabulary_)));
  check_finite(logits);
  logits_.assign(logits.begin(), logits.end());   // within the capacity it has had since it was made
  adjust(timeline);
  if (settings_.temperature <= 0) return most_likely(logits_);
  return draw();
}

int32_t Sampler::draw() {
  const std::span<const float> logits = logits_;
  const Better better{logits};
  const double scale = 1 / settings_.temperature;
  const double top = logits[size_t(most_likely(logits))];
  const auto weight = [&](int32_t id) { return std::exp((double(logits[size_t(id)]) - top) * scale); };

  size_t candidates = logits.size();
  order_.resize(candidates);
  std::iota(order_.begin(), order_.end(), 0);
  if (settings_.top_k > 0 && uint64_t(settings_.top_k) < candidates) {
    candidates = size_t(settings_.top_k);
    std::nth_element(order_.begin(), order_.begin() + ptrdiff_t(candidates) - 1, order_.end(), better);
  }
  double total = 0;
  for (size_t i = 0; i < candidates; ++i) total += weight(order_[i]);

  // Only as many candidates are sorted as top_p needs, mostly a handful.
  size_t sorted = 0, kept = 0;
  double sum = 0;
  const double enough = settings_.top_p * total;
  while (kept < candidates && (kept == 0 || settings_.top_p >= 1 || sum < enough)) {
    if (kept == sorted) {
      const size_t until = std::min(candidates, std::max<size_t>(64, sorted * 4));
      std::partial_sort(order_.begin() + ptrdiff_t(sorted), order_.begin() + ptrdiff_t(until),
                        order_.begin() + ptrdiff_t(candidates), better);
      sorted = until;
    }
    const double w = weight(order_[kept]);
    if (kept > 0 && (w <= 0 || w < settings_.min_p)) break;   // the most likely one has weight 1
    probability_[kept++] = w;
    sum += w;
  }
  double left = random_.uniform() * sum;
  for (size_t i = 0; i < kept; ++i) {
    left -= probability_[i];
    if (left < 0) return order_[i];
  }
  return order_[kept - 1];
}

}  // namespace hadal
