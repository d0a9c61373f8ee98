// layer_norm: y = (x − mean) / sqrt(variance + eps) * w + b over whole rows. Plain C++ with sums in double, so that all
// levels give the same bits.
#include <cmath>

#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kSums = 8;   // independent ones, so that additions overlap

// Sum over i of term(i): number i adds to sum i % 8, then the eight as a tree.
template <class Term>
double sum_of(int64_t n, Term&& term) {
  double sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums)
    for (int64_t j = 0; j < kSums; ++j) sums[j] += term(i + j);
  for (int64_t j = 0; i + j < n; ++j) sums[j] += term(i + j);
  for (int64_t width = kSums / 2; width > 0; width /= 2)
    for (int64_t j = 0; j < width; ++j) sums[j] += sums[j + width];
  return sums[0];
}

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const RowTasks rows(context.outputs[0]);
  const float* const weight = vector_values(context.weights[0]);
  const float* const bias = vector_values(context.weights[1]);
  const double eps = context.node.as<NormAttributes>().eps;
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const auto x = context.inputs[0].row<const float>(r);
    const auto y = context.outputs[0].row<float>(r);
    const int64_t n = int64_t(x.size());
    const float* const in = x.data();
    const double mean = sum_of(n, [&](int64_t i) { return double(in[i]); }) / double(n);
    const double squares = sum_of(n, [&](int64_t i) { return (in[i] - mean) * (in[i] - mean); });
    const double inverse = 1.0 / std::sqrt(squares / double(n) + eps);
    for (int64_t i = 0; i < n; ++i)
      y[size_t(i)] = float((in[i] - mean) * inverse * weight[i] + (bias ? double(bias[i]) : 0.0));
  }
}

}  // namespace

const CpuOp kLayerNorm = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
