// rms_norm: y = x / sqrt(mean(x²) + eps) * w over the first len(w) of each group of columns.
#include <algorithm>

#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig& config) {
  const RowTasks rows(context.outputs[0]);
  const float* const weight = vector_values(context.weights[0]);
  const auto& attributes = context.node.as<NormAttributes>();
  const int64_t width = context.node.weights[0]->cols;
  const int64_t group = attributes.stride > 0 ? attributes.stride : width;
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const auto x = context.inputs[0].row<const float>(r);
    const auto y = context.outputs[0].row<float>(r);
    for (int64_t i = 0; i < int64_t(x.size()); i += group) {
      rms_norm_row(config.level, y.data() + i, x.data() + i, weight, width, attributes.eps);
      std::copy_n(x.data() + i + width, group - width, y.data() + i + width);
    }
  }
}

}  // namespace

const CpuOp kRmsNorm = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
