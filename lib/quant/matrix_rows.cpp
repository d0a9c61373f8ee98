#include "quant/matrix_rows.hpp"

#include <algorithm>
#include <cmath>

#include "quant/block_format.hpp"

namespace hadal {

void decode_rows(const MatrixRows& matrix, int64_t first, int64_t count, float* out) {
  decode(matrix.dtype, matrix.row(first), out, count * matrix.cols);
  if (!matrix.scale_inv) return;
  for (int64_t r = first; r < first + count; ++r, out += matrix.cols) {
    const float* const scales = matrix.scales(r);
    for (int64_t begin = 0; begin < matrix.cols; begin += kScaleBlock) {
      const float scale = scales[begin / kScaleBlock];
      const int64_t end = std::min(begin + kScaleBlock, matrix.cols);
      for (int64_t c = begin; c < end; ++c) out[c] *= scale;
    }
  }
}

bool has_nan_e4m3(const std::byte* codes, int64_t count) {
  uint32_t found = 0;
  for (int64_t i = 0; i < count; ++i) found |= uint32_t((uint32_t(codes[i]) & 0x7F) == 0x7F);
  return found != 0;
}

void encode_f8_rows(const float* values, int64_t rows, int64_t cols, std::byte* codes, float* scale_inv) {
  constexpr float kLargest = 448;
  const auto encode = block_format(Dtype::f8_e4m3).encode;
  for (int64_t top = 0; top < rows; top += kScaleBlock) {
    const int64_t bottom = std::min(top + kScaleBlock, rows);
    for (int64_t left = 0; left < cols; left += kScaleBlock) {
      const int64_t width = std::min(kScaleBlock, cols - left);
      float largest = 0;
      for (int64_t r = top; r < bottom; ++r)
        for (int64_t c = left; c < left + width; ++c) largest = std::max(largest, std::fabs(values[r * cols + c]));
      // Tiny blocks: the quotient may round to 0, and codes of zero then stand for them.
      const float quotient = largest / kLargest, scale = quotient > 0 ? quotient : 1;
      *scale_inv++ = scale;
      float scaled[kScaleBlock];
      for (int64_t r = top; r < bottom; ++r) {
        for (int64_t c = 0; c < width; ++c) scaled[c] = values[r * cols + left + c] / scale;
        encode(scaled, codes + r * cols + left, width, nullptr);
      }
    }
  }
}

}  // namespace hadal
