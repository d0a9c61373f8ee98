#include <algorithm>
#include <cmath>

#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

namespace hadal::reference {
namespace {

template <class In>
double dot_row(const Weight& stack, int64_t part, int64_t row, const In* x, float* weight_row) {
  decode_row(stack, part, row, weight_row);
  double sum = 0;
  for (int64_t i = 0; i < stack.cols; ++i) sum += double(weight_row[i]) * double(x[i]);
  return sum;
}

}  // namespace

// y = Σ_i weight_i * down_e(silu(gate_e x) * up_e x) over a token's experts e (arXiv 2401.06066, section 3).
// x: [tokens, hidden]; routing: [tokens, 2k]; gate, up: stacks of [ff, hidden]; down: of [hidden, ff]. One token.
// The activation is rounded to f32, as a plain swiglu node's would be. scratch: doubles [hidden], floats [ff + widest].
void experts(Tensor y, Tensor x, Tensor routing, const ExpertWeights& w, int64_t token, double* sums, float* scratch) {
  const int64_t k = routing.cols / 2, ff = w.gate.rows;
  const float* in = x.row<const float>(token).data();
  const float* choice = routing.row<const float>(token).data();
  float* const activation = scratch;
  float* const weight_row = scratch + ff;
  std::fill(sums, sums + y.cols, 0.0);
  for (int64_t i = 0; i < k; ++i) {
    const int64_t e = int64_t(choice[i]);
    for (int64_t f = 0; f < ff; ++f) {
      const double gate = float(dot_row(w.gate, e, f, in, weight_row));
      const double up = float(dot_row(w.up, e, f, in, weight_row));
      activation[f] = float(gate / (1.0 + std::exp(-gate)) * up);
    }
    for (int64_t o = 0; o < y.cols; ++o)
      sums[o] += double(choice[k + i]) * dot_row(w.down, e, o, activation, weight_row);
  }
  const auto out = y.row<float>(token);
  for (int64_t o = 0; o < y.cols; ++o) out[size_t(o)] = float(sums[o]);
}

}  // namespace hadal::reference
