// rms_norm: y = x / sqrt(mean(x²) + eps) * w over each group of len(w) columns.
#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig& config) {
  const RowTasks rows(context.outputs[0]);
  const float* const weight = vector_values(context.weights[0]);
  const int64_t group = context.node.weights[0]->cols;
  const float eps = context.node.as<NormAttributes>().eps;
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const auto x = context.inputs[0].row<const float>(r);
    const auto y = context.outputs[0].row<float>(r);
    for (size_t i = 0; i < x.size(); i += size_t(group)) rms_norm_row(config.level, &y[i], &x[i], weight, group, eps);
  }
}

}  // namespace

const CpuOp kRmsNorm = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
