// From logits to the next token. Buffers are made once; choosing allocates nothing.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "generate/options.hpp"

namespace hadal {

struct SamplerSettings {
  double temperature = 0;
  int64_t top_k = 0;
  double top_p = 1;
  double min_p = 0;
  double repeat_penalty = 1;
  double presence_penalty = 0;
  double frequency_penalty = 0;
  int64_t penalty_window = 256;
  std::vector<std::pair<int32_t, float>> logit_bias = {};
};
SamplerSettings sampler_settings(const Options& options);

// xoshiro256**, seeded through splitmix64 (Blackman and Vigna): the same numbers on every machine.
class Random {
 public:
  explicit Random(uint64_t seed);
  uint64_t next();
  double uniform() { return double(next() >> 11) * 0x1p-53; }   // in [0, 1)
  std::span<uint64_t, 4> state() { return state_; }

 private:
  uint64_t state_[4];
};

class Sampler {
 public:
  // vocabulary: only ids below it are ever chosen (rows of the head beyond the tokenizer are padding).
  Sampler(SamplerSettings settings, int32_t vocabulary, uint64_t seed);

  // Steps as transformers orders them: bias and penalties, temperature, top_k, top_p, min_p, then a draw. Ties go to
  // the lower id. timeline: all tokens so far. Throws Error(numeric) for NaN or infinity among the logits.
  int32_t choose(std::span<const float> logits, std::span<const int32_t> timeline);

  void change(SamplerSettings settings);
  void reseed(uint64_t seed) { random_ = Random(seed); }
  Random& random() { return random_; }

 private:
  void adjust(std::span<const int32_t> timeline);
  int32_t draw();

  SamplerSettings settings_;
  int32_t vocabulary_;
  Random random_;
  std::vector<float> logits_;         // adjusted copy
  std::vector<int32_t> order_;        // candidates, the sorted ones first
  std::vector<double> probability_;   // beside order_
  std::vector<int32_t> counts_;       // by id, zero between calls
};

// Throws Error(numeric) naming the first id whose logit is not finite.
void check_finite(std::span<const float> logits);

// log(sum(exp(logits))), in double.
double log_sum_exp(std::span<const float> logits);

// The n largest, best first, ties to the lower id; out is overwritten.
void largest(std::span<const float> logits, size_t n, std::vector<int32_t>& out);

}  // namespace hadal
