// A weight's row, or one value of a vector, as f32.
#pragma once

#include "graph/weight_rows.hpp"
#include "quant/block_format.hpp"

namespace hadal::reference {

inline void decode_row(const Weight& weight, int64_t row, float* out) { decode_rows(rows_of(weight), row, 1, out); }

// Row `row` of one matrix of a stack.
inline void decode_row(const Weight& stack, int64_t part, int64_t row, float* out) {
  decode_rows(rows_of(stack, part), row, 1, out);
}

inline float decode_value(const Weight& vector, int64_t i) {
  const int64_t block = info(vector.dtype).block_elements;   // at most 256
  float values[256];
  decode(vector.dtype, vector.data + bytes_of(vector.dtype, i / block * block), values, block);
  return values[i % block];
}

}  // namespace hadal::reference
