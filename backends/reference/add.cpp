#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y = a + b.
// a, b, y: [rows, dim].
void add(Tensor y, Tensor a, Tensor b) {
  for (int64_t r = 0; r < y.rows; ++r) {
    const auto left = a.row<const float>(r);
    const auto right = b.row<const float>(r);
    const auto out = y.row<float>(r);
    for (size_t i = 0; i < out.size(); ++i) out[i] = left[i] + right[i];
  }
}

}  // namespace hadal::reference
