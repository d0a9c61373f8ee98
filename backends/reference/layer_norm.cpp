#include <cmath>

#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

namespace hadal::reference {

// y = (x − mean(x)) / sqrt(var(x) + eps) * weight + bias, over whole rows (Ba et al. 2016).
// x, y: [rows, dim]; weight, bias: [dim], bias may be nullptr; values: [2, dim], scratch.
void layer_norm(Tensor y, Tensor x, const Weight& weight, const Weight* bias, float eps, float* values) {
  const int64_t dim = x.cols;
  float* const offsets = values + dim;
  decode_row(weight, 0, values);
  if (bias) decode_row(*bias, 0, offsets);
  for (int64_t r = 0; r < x.rows; ++r) {
    const auto in = x.row<const float>(r);
    const auto out = y.row<float>(r);
    double sum = 0, squares = 0;
    for (const float v : in) sum += v;
    const double mean = sum / double(dim);
    for (const float v : in) squares += (v - mean) * (v - mean);
    const double inverse = 1.0 / std::sqrt(squares / double(dim) + eps);
    for (int64_t i = 0; i < dim; ++i)
      out[size_t(i)] = float((in[size_t(i)] - mean) * inverse * values[i] + (bias ? offsets[i] : 0.0f));
  }
}

}  // namespace hadal::reference
