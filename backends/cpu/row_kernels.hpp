// Work on single rows of activations, written once over the vocabulary. Included after one of the isa headers.
#pragma once

#include "backends/cpu/isa/erf.hpp"
#include "backends/cpu/isa/exp.hpp"
#include "backends/cpu/dot_kernels.hpp"

namespace hadal::cpu {
namespace {

// Σ x² over n values: lane i of vector v adds to lane i of sum v % 4, then the four sums and the lanes as a tree.
template <class S>
float sum_of_squares(const float* x, int64_t n) {
  typename S::F sum[4] = {S::zero(), S::zero(), S::zero(), S::zero()};
  int64_t i = 0;
  for (; i + 4 * S::kLanes <= n; i += 4 * S::kLanes)
    for (int v = 0; v < 4; ++v) {
      const typename S::F value = S::load(x + i + v * S::kLanes);
      sum[v] = S::fma(value, value, sum[v]);
    }
  for (int v = 0; i < n; ++v, i += S::kLanes) {
    const typename S::F value = n - i >= S::kLanes ? S::load(x + i) : S::load_tail(x + i, n - i);
    sum[v] = S::fma(value, value, sum[v]);
  }
  return S::sum(S::add(S::add(sum[0], sum[2]), S::add(sum[1], sum[3])));
}

template <class S>
void rms_norm_row(float* y, const float* x, const float* weight, int64_t n, float eps) {
  const float mean = sum_of_squares<S>(x, n) / float(n);
  const typename S::F inverse = S::div(S::set1(1.0f), S::sqrt(S::set1(mean + eps)));
  int64_t i = 0;
  for (; i + S::kLanes <= n; i += S::kLanes)
    S::store(y + i, S::mul(S::mul(S::load(x + i), inverse), S::load(weight + i)));
  if (i < n)
    S::store_tail(y + i, S::mul(S::mul(S::load_tail(x + i, n - i), inverse), S::load_tail(weight + i, n - i)), n - i);
}

template <class S>
void swiglu_row(float* y, const float* gate, const float* up, int64_t n) {
  int64_t i = 0;
  for (; i + S::kLanes <= n; i += S::kLanes) S::store(y + i, S::mul(silu<S>(S::load(gate + i)), S::load(up + i)));
  if (i < n)
    S::store_tail(y + i, S::mul(silu<S>(S::load_tail(gate + i, n - i)), S::load_tail(up + i, n - i)), n - i);
}

template <class S>
void gelu_row(float* y, const float* x, int64_t n) {
  int64_t i = 0;
  for (; i + S::kLanes <= n; i += S::kLanes) S::store(y + i, gelu<S>(S::load(x + i)));
  if (i < n) S::store_tail(y + i, gelu<S>(S::load_tail(x + i, n - i)), n - i);
}

struct PairSums {
  int32_t half[2];   // as BlockInfo::half_pair
  int32_t both() const {
    return int32_t(uint32_t(uint16_t(half[0] + half[1])) | uint32_t((half[0] >> 16) + (half[1] >> 16)) << 16);
  }
  int32_t total(int h) const { return int16_t(half[h] & 0xFFFF) + (half[h] >> 16); }
};

template <class S>
void quantise_row(const float* x, bool exact, const QuantRows& out) {
  constexpr int V = kBlock / S::kLanes;
  constexpr int32_t kTiny = 0x0DA24260;   // the bits of 1e-30: anything smaller is zero, so that 1 / step stays finite
  const int64_t blocks = out.cols / kBlock;
  const float limit = kResidualShare * S::square_root(sum_of_squares<S>(x, out.cols) / float(out.cols));
  for (int64_t w = 0; w < out.words(); ++w) out.needed[w] = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    typename S::F value[V];
    typename S::I largest = S::int_set1(0);   // of the magnitudes' bits, which order as they do, NaN above all
    unroll<V>([&](auto v) HADAL_LAMBDA {
      value[v.value] = S::load(x + b * kBlock + v.value * S::kLanes);
      largest = S::int_max(largest, S::bits(S::abs(value[v.value])));
    });
    const int32_t magnitude = S::max_lane_int(largest);
    float amax;
    __builtin_memcpy(&amax, &magnitude, sizeof amax);
    const bool zero = magnitude < kTiny;
    const float step = zero ? 0 : amax * (1 / 127.0f), inverse = zero ? 0 : 127 / amax;

    typename S::I code[V];
    unroll<V>([&](auto v) HADAL_LAMBDA { code[v.value] = S::to_int(S::mul(value[v.value], S::set1(inverse))); });
    PairSums sums;
    S::store_block(out.codes + b * kBlock, code, sums.half);
    BlockInfo& info = out.blocks[b];
    info.step = step;
    info.low_step = step * (1 / kResidualSteps);
    info.pair = sums.both();
    float half_sum[2] = {float(sums.total(0)), float(sums.total(1))};
    for (int h = 0; h < 2; ++h) info.half_pair[h] = sums.half[h];

    // Written so that a step that is not a number counts.
    const bool residual = !zero && (exact || !(step <= limit));
    if (residual || out.wide) {
      typename S::I rest[V];
      unroll<V>([&](auto v) HADAL_LAMBDA {
        const typename S::F error = S::sub(value[v.value], S::mul(S::to_float(code[v.value]), S::set1(step)));
        rest[v.value] = S::to_int(S::mul(error, S::set1(inverse * kResidualSteps)));
      });
      if (out.wide) S::store_wide(out.wide + b * kBlock, code, rest);
      if (residual) {
        out.needed[b / 64] |= uint64_t(1) << (b % 64);
        ResidualInfo& low = out.residual_blocks[b];
        PairSums low_sums;
        S::store_block(out.residuals + b * kBlock, rest, low_sums.half);
        low.pair = low_sums.both();
        for (int h = 0; h < 2; ++h) {
          low.half_pair[h] = low_sums.half[h];
          half_sum[h] += float(low_sums.total(h)) * (1 / kResidualSteps);
        }
      }
    }
    info.sum = step * (half_sum[0] + half_sum[1]);
    for (int h = 0; h < 2; ++h) info.half_sum[h] = step * half_sum[h];
  }
}

}  // namespace
}  // namespace hadal::cpu
