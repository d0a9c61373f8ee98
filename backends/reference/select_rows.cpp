#include <algorithm>

#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y[i] = x[rows[i]].
// x: [tokens, dim]; y: [outputs, dim].
void select_rows(Tensor y, Tensor x, std::span<const int32_t> rows) {
  for (int64_t i = 0; i < y.rows; ++i) {
    const auto in = x.row<const float>(rows[size_t(i)]);
    std::copy(in.begin(), in.end(), y.row<float>(i).begin());
  }
}

}  // namespace hadal::reference
