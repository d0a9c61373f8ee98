// Encoding a super-block of 256 values: a scale (and minimum) for each sub-block of N values by fit.hpp, those rounded
// to small integers under a common f16 d (and dmin), then d refitted to the codes that resulted.
#pragma once

#include <cmath>
#include <cstdint>

#include "quant/block_layout.hpp"
#include "quant/fit.hpp"

namespace hadal::quant {

// Values divided by their largest magnitude, so that squares neither overflow nor vanish, and weights with mean near 1.
struct Normalised {
  float x[256];
  float w[256];
  float magnitude;  // 0: nothing to encode

  Normalised(const float* in, const float* importance) {
    const float largest = std::fabs(extreme<256>(in));
    // Below this, 1 / largest would overflow; the smallest f16 scale is far above.
    magnitude = largest > 1e-30f && largest <= 3.4e38f ? largest : 0;
    const float inverse = magnitude > 0 ? 1 / magnitude : 0;
    for (int i = 0; i < 256; ++i) x[i] = clamped(in[i] * inverse, -1, 1);
    double sum = 0;
    for (int i = 0; importance && i < 256; ++i) sum += importance[i];
    const bool usable = sum > 1e-30 && sum < 1e38;
    const float unit = usable ? float(256 / sum) : 0;
    // The floor keeps values of no importance near what they were.
    for (int i = 0; i < 256; ++i) w[i] = usable ? clamped(importance[i] * unit, 1e-6f, 1e6f) : 1.0f;
  }
};

// The nearest f16 within its finite range, in units of the normalised values.
inline float as_f16(float value, float magnitude, F16& out) {
  out = to_f16(clamped(value * magnitude, -65504, 65504));
  return out.value() / magnitude;
}

template <int N>
double squared_error(const float* x, const float* w, const float* q, float scale, float min) {
  float sums[4] = {};
  for (int i = 0; i < N; i += 4) {
    for (int l = 0; l < 4; ++l) {
      const float e = scale * q[i + l] - min - x[i + l];
      sums[l] += w[i + l] * e * e;
    }
  }
  double sum = 0;
  for (const float s : sums) sum += s;
  return sum;
}

// y = (d * scales[s]) * q - (dmin * mins[s]), s = i / N.
template <int N>
struct AffineBlock {
  F16 d{}, dmin{};
  uint8_t scales[256 / N] = {}, mins[256 / N] = {};
  uint8_t q[256] = {};
};

template <int N>
AffineBlock<N> encode_affine(const float* in, const float* importance, int highest, int highest_scale, float widest) {
  constexpr int kSubs = 256 / N;
  AffineBlock<N> best;
  const Normalised block(in, importance);
  if (block.magnitude == 0) return best;

  Affine fits[kSubs];
  float largest_scale = 0, largest_min = 0;
  for (int s = 0; s < kSubs; ++s) {
    fits[s] = fit_affine<N>(block.x + N * s, block.w + N * s, highest, true, widest);
    fits[s].min = -fits[s].min;
    largest_scale = fits[s].scale > largest_scale ? fits[s].scale : largest_scale;
    largest_min = fits[s].min > largest_min ? fits[s].min : largest_min;
  }

  float d = largest_scale / float(highest_scale), dmin = largest_min / float(highest_scale);
  double best_error = 1e300;
  for (int pass = 0; pass < 3; ++pass) {
    AffineBlock<N> trial;
    d = as_f16(d, block.magnitude, trial.d);
    dmin = as_f16(dmin, block.magnitude, trial.dmin);
    double error = 0;
    // Normal equations for d and dmin with the codes of this pass.
    double uu = 0, uv = 0, vv = 0, ux = 0, vx = 0;
    for (int s = 0; s < kSubs; ++s) {
      const float* x = block.x + N * s;
      const float* w = block.w + N * s;
      const int scale0 = d > 0 ? int(clamped(rounded(fits[s].scale / d), 0, float(highest_scale))) : 0;
      const int min0 = dmin > 0 ? int(clamped(rounded(fits[s].min / dmin), 0, float(highest_scale))) : 0;
      double least = 1e300;
      float chosen[N] = {};
      for (int scale = scale0 - 1; scale <= scale0 + 1; ++scale) {
        for (int min = min0 - 1; min <= min0 + 1; ++min) {
          if (scale < 0 || scale > highest_scale || min < 0 || min > highest_scale) continue;
          const float step = d * float(scale), shift = dmin * float(min);
          const float inverse = step > 0 ? 1 / step : 0;
          float q[N];
          quantise<N>(x, inverse, shift * inverse, 0, float(highest), q);
          const double e = squared_error<N>(x, w, q, step, shift);
          if (!(e < least)) continue;
          least = e;
          trial.scales[s] = uint8_t(scale);
          trial.mins[s] = uint8_t(min);
          for (int i = 0; i < N; ++i) chosen[i] = q[i];
        }
      }
      error += least;
      for (int i = 0; i < N; ++i) trial.q[N * s + i] = uint8_t(chosen[i]);
      const Moments m = moments<N>(x, w, chosen);
      double sum_w = 0, sum_x = 0;
      for (int i = 0; i < N; ++i) sum_w += w[i], sum_x += double(w[i]) * x[i];
      const double u = trial.scales[s], v = trial.mins[s];
      uu += u * u * m.qq;
      uv += u * v * m.q;
      vv += v * v * sum_w;
      ux += u * m.xq;
      vx += v * sum_x;
    }
    if (!(error < best_error)) break;
    best_error = error;
    best = trial;
    // d u - dmin v = x in the least squares sense.
    const double determinant = uu * vv - uv * uv;
    if (determinant > 1e-12 * uu * vv) {
      const double next_d = (vv * ux - uv * vx) / determinant;
      const double next_dmin = (uv * ux - uu * vx) / determinant;
      if (!(next_d > 0) || !(next_dmin >= 0)) break;
      d = float(next_d);
      dmin = float(next_dmin);
    } else if (uu > 0 && vv == 0) {
      d = float(ux / uu);
    } else {
      break;
    }
  }
  return best;
}

// y = (d * scales[s]) * q, s = i / N, scales signed.
template <int N>
struct SymmetricBlock {
  F16 d{};
  int8_t scales[256 / N] = {};
  int8_t q[256] = {};
};

// q in [lowest, -lowest - 1], scales in [lowest_scale, -lowest_scale - 1].
template <int N>
SymmetricBlock<N> encode_symmetric(const float* in, const float* importance, int lowest, int lowest_scale) {
  constexpr int kSubs = 256 / N;
  const int highest = -lowest - 1, highest_scale = -lowest_scale - 1;
  SymmetricBlock<N> best;
  const Normalised block(in, importance);
  if (block.magnitude == 0) return best;

  float fits[kSubs];
  for (int s = 0; s < kSubs; ++s) fits[s] = fit_symmetric<N>(block.x + N * s, block.w + N * s, lowest, highest);

  float d = extreme<kSubs>(fits) / float(lowest_scale);
  double best_error = 1e300;
  for (int pass = 0; pass < 3; ++pass) {
    SymmetricBlock<N> trial;
    d = as_f16(d, block.magnitude, trial.d);
    double error = 0, uu = 0, ux = 0;
    for (int s = 0; s < kSubs; ++s) {
      const float* x = block.x + N * s;
      const float* w = block.w + N * s;
      const int scale0 = d != 0 ? int(clamped(rounded(fits[s] / d), float(lowest_scale), float(highest_scale))) : 0;
      double least = 1e300;
      float chosen[N] = {};
      for (int scale = scale0 - 1; scale <= scale0 + 1; ++scale) {
        if (scale < lowest_scale || scale > highest_scale) continue;
        const float step = d * float(scale);
        float q[N];
        quantise<N>(x, step != 0 ? 1 / step : 0, 0, float(lowest), float(highest), q);
        const double e = squared_error<N>(x, w, q, step, 0);
        if (!(e < least)) continue;
        least = e;
        trial.scales[s] = int8_t(scale);
        for (int i = 0; i < N; ++i) chosen[i] = q[i];
      }
      error += least;
      for (int i = 0; i < N; ++i) trial.q[N * s + i] = int8_t(chosen[i]);
      const Moments m = moments<N>(x, w, chosen);
      uu += double(trial.scales[s]) * trial.scales[s] * m.qq;
      ux += trial.scales[s] * m.xq;
    }
    if (!(error < best_error)) break;
    best_error = error;
    best = trial;
    if (!(uu > 0) || ux == 0) break;
    d = float(ux / uu);
  }
  return best;
}

}  // namespace hadal::quant
