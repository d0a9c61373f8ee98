// The rows of a weight, or of one matrix of a stack, ready to be decoded.
#pragma once

#include "graph/weight.hpp"
#include "quant/matrix_rows.hpp"

namespace hadal {

inline MatrixRows rows_of(const Weight& weight) {
  return {weight.dtype, weight.cols, weight.data, weight.scale_inv, weight.scale_row};
}

inline MatrixRows rows_of(const Weight& stack, int64_t part) {
  const WeightPart& from = stack.parts[size_t(part)];
  return {stack.dtype, stack.cols, from.data, from.scale_inv, from.scale_row};
}

// Whether the scales of FP8 are there; other formats need none.
inline bool has_scales(const Weight& weight) {
  if (weight.dtype != Dtype::f8_e4m3) return true;
  for (const WeightPart& part : weight.parts)
    if (!part.scale_inv) return false;
  return weight.is_stack() || weight.scale_inv;
}

}  // namespace hadal
