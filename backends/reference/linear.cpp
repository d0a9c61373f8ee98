#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

#if HADAL_EIGEN
#include <Eigen/Core>
#endif

namespace hadal::reference {
namespace {

#if HADAL_EIGEN
double dot(const double* a, const double* b, int64_t n) {
  using Vector = Eigen::Map<const Eigen::VectorXd>;
  return Vector(a, n).dot(Vector(b, n));
}
#else
double dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}
#endif

}  // namespace

void widen_row(Tensor x, int64_t row, double* widened) {
  for (const float v : x.row<const float>(row)) *widened++ = v;
}

// y = x · Wᵀ + b, with W's rows as they decode from their format.
// x: [rows, in]; W: [out, in]; b: [out] or nullptr; y: [rows, out].
void linear(Tensor y, const Weight& weight, const Weight* bias, const LinearColumns& columns) {
  const int64_t in = weight.cols;
  for (int64_t o = columns.begin; o < columns.end; ++o) {
    decode_row(weight, o, columns.weight_row);
    for (int64_t i = 0; i < in; ++i) columns.widened_row[i] = columns.weight_row[i];
    const float offset = bias ? decode_value(*bias, o) : 0.0f;
    for (int64_t r = 0; r < y.rows; ++r) {
      y.row<float>(r)[size_t(o)] = float(dot(columns.x + r * in, columns.widened_row, in) + offset);
    }
  }
}

}  // namespace hadal::reference
