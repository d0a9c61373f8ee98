// How far results may be from the exact ones, as nmse = sum of squared errors / sum of squares. Each bound follows from
// the formats and the number of roundings, for operands that are independent of each other's rounding errors.
#pragma once

#include <cstdint>

#include "core/dtype.hpp"

namespace hadal::test {

// Two ways to the same double, each rounded to f32 once: at most one unit in the last place apart.
inline constexpr double kOneRounding = 0x1p-46;

// A sum of n products in f32, relative to the sum of the squares of its terms. Each of n roundings is uniform within
// 2^-24 of its partial sum, a variance of 2^-48 / 3 of that sum's square; and for terms of independent sign no partial
// sum's square is above that of all terms, whatever the order. The 16 covers what follows the sum.
constexpr double f32_sum(int64_t n) { return (double(n) / 3 + 16) * 0x1p-48; }

// The mean squared relative error of one rounding to a cache format. Floats: uniform over a unit in the last place, at
// worst 2^-10 (f16) or 2^-7 (bf16) of the value. q8_0: uniform over a step of largest / 127, and the largest of 32
// Gaussian values is 2.6 deviations or less in four groups of five; the others are at most as wrong once more.
constexpr double cache_noise(Dtype type) {
  switch (type) {
    case Dtype::f16: return 0x1p-20 / 12;
    case Dtype::bf16: return 0x1p-14 / 12;
    case Dtype::q8_0: return 2 * (2.6 / 127) * (2.6 / 127) / 12;
    default: return 0;
  }
}

}  // namespace hadal::test
