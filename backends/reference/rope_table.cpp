#include <cmath>

#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y[t] = magnitude * (cos a_0 .. cos a_{n-1}, sin a_0 .. sin a_{n-1}), a_i = position[t] * inv_freq[i].
// inv_freq: [n]; y: [tokens, 2n]. The angle is rounded to f32, as the models were trained with: at position 100000 the
// rounding is worth 0.004 rad.
void rope_table(Tensor y, const RopeTableAttributes& table, std::span<const int32_t> positions) {
  const size_t n = table.inv_freq.size();
  for (int64_t t = 0; t < y.rows; ++t) {
    const auto out = y.row<float>(t);
    for (size_t i = 0; i < n; ++i) {
      const float angle = float(positions[size_t(t)]) * table.inv_freq[i];
      out[i] = float(table.magnitude * std::cos(double(angle)));
      out[n + i] = float(table.magnitude * std::sin(double(angle)));
    }
  }
}

}  // namespace hadal::reference
