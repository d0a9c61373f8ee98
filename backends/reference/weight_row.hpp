// A weight's row, or one value of a vector, as f32.
#pragma once

#include "graph/weight.hpp"
#include "quant/block_format.hpp"

namespace hadal::reference {

inline void decode_row(const Weight& weight, int64_t row, float* out) {
  decode(weight.dtype, weight.data + row * int64_t(bytes_of(weight.dtype, weight.cols)), out, weight.cols);
}

inline float decode_value(const Weight& vector, int64_t i) {
  const int64_t block = info(vector.dtype).block_elements;   // at most 256
  float values[256];
  decode(vector.dtype, vector.data + bytes_of(vector.dtype, i / block * block), values, block);
  return values[i % block];
}

}  // namespace hadal::reference
