// router_dots written once, compiled for each level that has its own.
#pragma once

#include <cstring>

#include "backends/cpu/router_dots.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace hadal::cpu {
namespace {

using FloatVector __attribute__((vector_size(16))) = float;
using DoubleVector __attribute__((vector_size(32))) = double;

inline __attribute__((always_inline)) DoubleVector widened(const float* p) {
#if defined(__AVX2__)
  return _mm256_cvtps_pd(_mm_loadu_ps(p));   // GCC 12 makes a detour of a plain conversion
#else
  FloatVector values;
  std::memcpy(&values, p, sizeof values);
  return __builtin_convertvector(values, DoubleVector);
#endif
}

template <int rows>
inline __attribute__((always_inline)) void sum_products(const float* panel, const float* x, int64_t stride,
                                                        int64_t cols, float* out) {
  constexpr int kLanes = 4, kVectors = kPanelRows / kLanes;
  DoubleVector sums[rows][kVectors] = {};
  for (int64_t k = 0; k < cols; ++k, panel += kPanelRows) {
    DoubleVector weights[kVectors];
    for (int v = 0; v < kVectors; ++v) weights[v] = widened(panel + v * kLanes);
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < kVectors; ++v) sums[r][v] += weights[v] * double(x[r * stride + k]);
  }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < kVectors; ++v) {
      const FloatVector values = __builtin_convertvector(sums[r][v], FloatVector);
      std::memcpy(out + r * kPanelRows + v * kLanes, &values, sizeof values);
    }
}

inline __attribute__((always_inline)) void sum_products(const float* panel, const float* x, int64_t stride,
                                                        int64_t cols, int rows, float* out) {
  if (rows == 1) sum_products<1>(panel, x, stride, cols, out);
  else sum_products<kRouterRows>(panel, x, stride, cols, out);
}

}  // namespace
}  // namespace hadal::cpu
