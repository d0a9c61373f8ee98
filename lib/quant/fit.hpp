// Choosing the scale (and minimum) of one block of N values so that the weighted squared rounding error is small.
// Plain loops over fixed N, sums in four lanes: written for the vectoriser.
#pragma once

#include <cstdint>

namespace hadal::quant {

// The first value of largest magnitude, with its sign; 0 for a block of zeros.
template <int N>
float extreme(const float* x) {
  float best = 0, magnitude = 0;
  for (int i = 0; i < N; ++i) {
    const float candidate = x[i] < 0 ? -x[i] : x[i];
    if (candidate > magnitude) magnitude = candidate, best = x[i];
  }
  return best;
}

// x cut to a code in [0, highest]; NaN becomes 0.
inline int truncated(float x, int highest) { return x > 0 ? (x < float(highest) ? int(x) : highest) : 0; }

// Bit 4 of eight codes, first one lowest.
inline uint8_t fifth_bits(const uint8_t* q) {
  int bits = 0;
  for (int i = 0; i < 8; ++i) bits |= (q[i] >> 4) << i;
  return uint8_t(bits);
}

inline float clamped(float v, float low, float high) {
  v = v > low ? v : low;
  return v < high ? v : high;
}

// To the nearest integer, for |v| < 2^22: the addition leaves no fraction bits.
inline float rounded(float v) { return (v + 0x1.8p23f) - 0x1.8p23f; }

// y = scale * q + min.
struct Affine {
  float scale = 0, min = 0;
};

template <int N>
Affine range_in_steps(const float* x, int steps) {
  float low = x[0], high = x[0];
  for (int i = 1; i < N; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  return {(high - low) / float(steps), low};
}

template <int N>
void quantise(const float* x, float inverse, float shift, float lowest, float highest, float* q) {
  for (int i = 0; i < N; ++i) q[i] = rounded(clamped(x[i] * inverse + shift, lowest, highest));
}

// Weighted sums of codes q and values x.
struct Moments {
  double q, qq, xq;
};

template <int N>
Moments moments(const float* x, const float* w, const float* q) {
  float s1[4] = {}, s2[4] = {}, s3[4] = {};
  for (int i = 0; i < N; i += 4) {
    for (int l = 0; l < 4; ++l) {
      const float wq = w[i + l] * q[i + l];
      s1[l] += wq;
      s2[l] += wq * q[i + l];
      s3[l] += wq * x[i + l];
    }
  }
  Moments sum{0, 0, 0};
  for (int l = 0; l < 4; ++l) sum.q += s1[l], sum.qq += s2[l], sum.xq += s3[l];
  return sum;
}

// Scale s minimising sum w (x - s q)^2 with codes q in [lowest, highest], lowest < 0 < highest: candidates that place
// the extreme value near either end, each followed by the least squares scale for its codes. s may be negative.
template <int N>
float fit_symmetric(const float* x, const float* w, int lowest, int highest) {
  const float v = extreme<N>(x);
  if (!(v != 0)) return 0;
  float q[N];
  float best_scale = 0;
  double best_gain = 0;  // the error is sum w x^2 minus this
  const auto attempt = [&](float inverse) {
    quantise<N>(x, inverse, 0, float(lowest), float(highest), q);
    const Moments m = moments<N>(x, w, q);
    if (!(m.qq > 0) || m.xq * m.xq <= best_gain * m.qq) return false;
    best_gain = m.xq * m.xq / m.qq;
    best_scale = float(m.xq / m.qq);
    return true;
  };
  constexpr int kSteps = 9;
  for (int step = -kSteps; step <= kSteps; ++step) {
    attempt((float(lowest) + 0.1f * float(step)) / v);
    attempt((float(highest) + 0.1f * float(step)) / v);
  }
  for (int repeat = 0; repeat < 4 && best_scale != 0 && attempt(1 / best_scale); ++repeat) {}
  return best_scale;
}

// Scale and minimum minimising sum w (x - (scale q + min))^2 with codes q in [0, highest]. With `below_zero` the
// minimum is at most 0, as in the formats that subtract an unsigned one.
template <int N>
Affine fit_affine(const float* x, const float* w, int highest, bool below_zero = false, float widest = 1.0f) {
  float low = x[0], high = x[0];
  double sum_w = 0, sum_x = 0;
  for (int i = 0; i < N; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    sum_w += w[i];
    sum_x += double(w[i]) * x[i];
  }
  if (below_zero && low > 0) low = 0;
  if (!(high > low)) return {0, low};

  float q[N];
  Affine best{(high - low) / float(highest), low};
  double best_gain = -1e300;  // the error is sum w x^2 minus this
  const auto attempt = [&](float inverse, float min) {
    quantise<N>(x, inverse, -min * inverse, 0, float(highest), q);
    const Moments m = moments<N>(x, w, q);
    const double determinant = sum_w * m.qq - m.q * m.q;
    if (!(determinant > 0)) return false;
    double scale = (sum_w * m.xq - sum_x * m.q) / determinant;
    double offset = (m.qq * sum_x - m.q * m.xq) / determinant;
    if (below_zero && offset > 0) offset = 0, scale = m.xq / m.qq;
    const double gain = scale * m.xq + offset * sum_x;
    if (!(gain > best_gain) || !(scale > 0)) return false;
    best_gain = gain;
    best = {float(scale), float(offset)};
    return true;
  };
  for (int step = -10; step <= 10; ++step) {
    attempt((float(highest) + 0.1f * widest * float(step)) / (high - low), low);
  }
  for (int repeat = 0; repeat < 4 && attempt(1 / best.scale, best.min); ++repeat) {}
  return best;
}

}  // namespace hadal::quant
