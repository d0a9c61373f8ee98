#include <cmath>

#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y = tanh(x). x, y: [rows, dim].
void tanh(Tensor y, Tensor x) {
  for (int64_t r = 0; r < x.rows; ++r) {
    const auto in = x.row<const float>(r);
    const auto out = y.row<float>(r);
    for (size_t i = 0; i < out.size(); ++i) out[i] = float(std::tanh(double(in[i])));
  }
}

}  // namespace hadal::reference
