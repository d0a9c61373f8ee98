#include <algorithm>

#include "backends/reference/ops.hpp"

namespace hadal::reference {

// Rotates pairs (u, v) of rope_dim columns of every head: (u cos − v sin, u sin + v cos); the other columns are copied
// (Su et al. 2021). Pair i is columns (2i, 2i + 1) from the first one on if interleaved, else (i, i + rope_dim / 2).
// x, y: [tokens, heads * head_dim]; table: [tokens, rope_dim], cosines first.
void rope(Tensor y, Tensor x, Tensor table, const RopeAttributes& attributes) {
  const int64_t pairs = attributes.rope_dim / 2;
  for (int64_t t = 0; t < x.rows; ++t) {
    const float* cosines = table.row<const float>(t).data();
    const float* sines = cosines + pairs;
    const auto whole = x.row<const float>(t);
    std::copy(whole.begin(), whole.end(), y.row<float>(t).begin());
    for (int64_t head = 0; head < x.cols; head += attributes.head_dim) {
      const float* in = whole.data() + head + attributes.first;
      float* out = y.row<float>(t).data() + head + attributes.first;
      for (int64_t i = 0; i < pairs; ++i) {
        const int64_t first = attributes.interleaved ? 2 * i : i;
        const int64_t second = attributes.interleaved ? 2 * i + 1 : i + pairs;
        const double u = in[first], v = in[second];
        out[first] = float(u * cosines[i] - v * sines[i]);
        out[second] = float(u * sines[i] + v * cosines[i]);
      }
    }
  }
}

}  // namespace hadal::reference
