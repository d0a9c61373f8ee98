// Matrices of test values, random weights of every format, and the error measure.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "graph/weight.hpp"

namespace hadal::test {

struct Matrix {
  int64_t rows = 0, cols = 0;
  std::vector<float> values;

  Matrix() = default;
  Matrix(int64_t r, int64_t c) : rows(r), cols(c), values(size_t(r * c)) {}
  float& at(int64_t r, int64_t c) { return values[size_t(r * cols + c)]; }
  float at(int64_t r, int64_t c) const { return values[size_t(r * cols + c)]; }
  Matrix row(int64_t r) const;
};

// Gaussian with deviation 1.
Matrix gaussian(int64_t rows, int64_t cols, uint32_t seed);
// The same with every 37th column 20 times as large, as the activations of language models have them.
Matrix with_outliers(int64_t rows, int64_t cols, uint32_t seed);

// sum (actual - expected)^2 / sum expected^2; infinite if anything is NaN. 0 for equal matrices.
double nmse(const Matrix& actual, const Matrix& expected);
bool same_bits(const Matrix& a, const Matrix& b);

// A weight with its bytes, at an odd address, as a file may place them.
struct OwnedWeight {
  std::unique_ptr<std::vector<std::byte>> bytes;
  std::unique_ptr<std::vector<float>> scale_inv;   // of FP8
  Weight weight;
  std::vector<double> decoded;   // [rows, cols]
};

// Values of size about 1 / sqrt(cols). Block formats: every second row has random codes and scales, so that the
// extremes of both meet; the others are encoded from Gaussian values where there is an encoder. FP8: every second row has
// random codes, all have the scales of a matrix of which the first 72 rows are missing.
OwnedWeight random_weight(Dtype dtype, int64_t rows, int64_t cols, uint32_t seed);

// f32, f16, bf16, every block format and FP8.
const std::vector<Dtype>& weight_types();

}  // namespace hadal::test
