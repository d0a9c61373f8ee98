#include <algorithm>

#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y = a | b, row by row. y: [rows, a.cols + b.cols].
void concat(Tensor y, Tensor a, Tensor b) {
  for (int64_t r = 0; r < y.rows; ++r) {
    const auto first = a.row<const float>(r);
    const auto second = b.row<const float>(r);
    std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), y.row<float>(r).begin()));
  }
}

// y = the batch's rows. y: [tokens, cols].
void input(Tensor y, const float* rows) {
  for (int64_t r = 0; r < y.rows; ++r) std::copy_n(rows + r * y.cols, y.cols, y.row<float>(r).begin());
}

}  // namespace hadal::reference
