#include <cmath>

#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

namespace hadal::reference {

// y = x / sqrt(mean(x * x) + eps) * weight, over the first len(weight) of each group of columns (Zhang and Sennrich
// 2019); the others are copied. x, y: [rows, groups * stride]; weight: [dim]; weight_values: [dim], scratch.
void rms_norm(Tensor y, Tensor x, const Weight& weight, const NormAttributes& attributes, float* weight_values) {
  const int64_t dim = weight.cols;
  decode_row(weight, 0, weight_values);
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t group = 0; group < x.cols; group += attributes.stride > 0 ? attributes.stride : dim) {
      const float* in = x.row<const float>(r).data() + group;
      float* out = y.row<float>(r).data() + group;
      double sum_of_squares = 0;
      for (int64_t i = 0; i < dim; ++i) sum_of_squares += double(in[i]) * in[i];
      const double inv_rms = 1.0 / std::sqrt(sum_of_squares / double(dim) + attributes.eps);
      for (int64_t i = 0; i < dim; ++i) out[i] = float(in[i] * inv_rms * weight_values[i]);
      for (int64_t i = dim; i < attributes.stride; ++i) out[i] = in[i];
    }
  }
}

}  // namespace hadal::reference
