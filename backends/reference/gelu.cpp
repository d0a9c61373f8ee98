#include <cmath>

#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y = x / 2 * (1 + erf(x / √2)) (Hendrycks, Gimpel 2016). x, y: [rows, dim].
void gelu(Tensor y, Tensor x) {
  for (int64_t r = 0; r < x.rows; ++r) {
    const auto in = x.row<const float>(r);
    const auto out = y.row<float>(r);
    for (size_t i = 0; i < out.size(); ++i) out[i] = float(in[i] * 0.5 * std::erfc(-in[i] * std::sqrt(0.5)));
  }
}

}  // namespace hadal::reference
