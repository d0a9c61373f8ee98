// Rows of a matrix in any number format, FP8 with its block scales included: what whoever packs or gathers a weight
// reads it through.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.hpp"

namespace hadal {

inline constexpr int64_t kScaleBlock = 128;   // rows and columns that share an FP8 scale

struct MatrixRows {
  Dtype dtype = Dtype::f32;
  int64_t cols = 0;
  const std::byte* data = nullptr;    // of row 0, may be unaligned
  // f8_e4m3 only, nullptr for scales of 1: [blocks of rows, ceil(cols / 128)], what the codes of each block of
  // 128 x 128 are multiplied by. Row 0 here is row `scale_row` of the matrix that the blocks are counted from.
  const float* scale_inv = nullptr;
  int64_t scale_row = 0;

  const std::byte* row(int64_t r) const { return data + r * int64_t(bytes_of(dtype, cols)); }
  // The scales of a row, one per 128 columns; nullptr where there are none.
  const float* scales(int64_t r) const {
    return scale_inv ? scale_inv + (scale_row + r) / kScaleBlock * scale_blocks() : nullptr;
  }
  int64_t scale_blocks() const { return (cols + kScaleBlock - 1) / kScaleBlock; }
};

// out: [count, cols], as the formats define them; FP8: code * scale, rounded to f32 once.
void decode_rows(const MatrixRows& matrix, int64_t first, int64_t count, float* out);

// Whether FP8 codes are NaN anywhere in these bytes.
bool has_nan_e4m3(const std::byte* codes, int64_t count);

// Writes rows [0, rows) of f32 values as FP8 with scales counted from row 0, each the largest magnitude of its block
// divided by 448; a block of zeros has the scale 1. codes: [rows, cols]; scale_inv: [ceil(rows / 128), ceil(cols / 128)].
void encode_f8_rows(const float* values, int64_t rows, int64_t cols, std::byte* codes, float* scale_inv);

}  // namespace hadal
