#include <cmath>

#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y = silu(gate) * up, silu(z) = z / (1 + e^−z) (Shazeer 2020).
// gate, up, y: [rows, dim].
void swiglu(Tensor y, Tensor gate, Tensor up) {
  for (int64_t r = 0; r < y.rows; ++r) {
    const auto a = gate.row<const float>(r);
    const auto b = up.row<const float>(r);
    const auto out = y.row<float>(r);
    for (size_t i = 0; i < out.size(); ++i) {
      const double z = a[i];
      out[i] = float(z / (1 + std::exp(-z)) * b[i]);
    }
  }
}

}  // namespace hadal::reference
