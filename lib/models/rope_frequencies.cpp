#include "models/rope_frequencies.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

// YaRN, arXiv 2309.00071, section 3.4 and appendix A: mscale.
double get_mscale(double scale, double m) { return scale <= 1 ? 1.0 : 0.1 * m * std::log(scale) + 1.0; }

// YaRN section 3.2, "NTK by parts": high frequencies stay, low ones are interpolated, a linear ramp between.
void apply_yarn(const Config& c, int64_t dim, std::vector<double>& freq) {
  const RopeScaling& s = c.rope_scaling;
  const auto correction = [&](double rotations) {
    return double(dim) * std::log(s.original_max_position_embeddings / (rotations * 2 * std::numbers::pi)) /
           (2 * std::log(c.rope_theta));
  };
  double low = correction(s.beta_fast), high = correction(s.beta_slow);
  if (s.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, double(dim - 1));
  if (low == high) high += 0.001;
  for (size_t i = 0; i < freq.size(); ++i) {
    const double ramp = std::clamp((double(i) - low) / (high - low), 0.0, 1.0);
    freq[i] = freq[i] * (1 - ramp) + freq[i] / s.factor * ramp;
  }
}

double yarn_magnitude(const RopeScaling& s) {
  if (s.attention_factor) return *s.attention_factor;
  if (s.mscale.value_or(0) != 0 && s.mscale_all_dim.value_or(0) != 0)
    return get_mscale(s.factor, *s.mscale) / get_mscale(s.factor, *s.mscale_all_dim);
  return get_mscale(s.factor, 1) * s.attn_factor.value_or(1);
}

// Llama 3.1: wavelengths beyond the original context are stretched, short ones kept, smooth between.
void apply_llama3(const RopeScaling& s, std::vector<double>& freq) {
  const double longest = s.original_max_position_embeddings / s.low_freq_factor;
  const double shortest = s.original_max_position_embeddings / s.high_freq_factor;
  for (double& f : freq) {
    const double wavelength = 2 * std::numbers::pi / f;
    if (wavelength < shortest) continue;
    if (wavelength > longest) {
      f /= s.factor;
      continue;
    }
    const double smooth = (s.original_max_position_embeddings / wavelength - s.low_freq_factor) /
                          (s.high_freq_factor - s.low_freq_factor);
    f = (1 - smooth) * f / s.factor + smooth * f;
  }
}

}  // namespace

double yarn_softmax_factor(const RopeScaling& s) {
  if (s.type != RopeScaling::Type::yarn) return 1;
  const double m = get_mscale(s.factor, s.mscale_all_dim.value_or(0));
  return m * m;
}

RopeFrequencies rope_frequencies(const Config& c, int64_t dim) {
  std::vector<double> freq(size_t(dim / 2));
  for (size_t i = 0; i < freq.size(); ++i) freq[i] = std::pow(c.rope_theta, -2.0 * double(i) / double(dim));
  RopeFrequencies result;
  switch (c.rope_scaling.type) {
    case RopeScaling::Type::none: break;
    case RopeScaling::Type::linear:
      for (double& f : freq) f /= c.rope_scaling.factor;
      break;
    case RopeScaling::Type::llama3: apply_llama3(c.rope_scaling, freq); break;
    case RopeScaling::Type::yarn:
      apply_yarn(c, dim, freq);
      result.magnitude = float(yarn_magnitude(c.rope_scaling));
      break;
  }
  if (!c.rope_divisors.empty()) {
    if (c.rope_divisors.size() != freq.size())
      throw Error(Status::corrupt, message("rope_freqs.weight: expected [", freq.size(), "], found [",
                                           c.rope_divisors.size(), "]"));
    for (size_t i = 0; i < freq.size(); ++i) freq[i] /= double(c.rope_divisors[i]);
  }
  result.inv_freq.assign(freq.begin(), freq.end());
  return result;
}

}  // namespace hadal
