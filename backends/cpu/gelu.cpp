// gelu: y = x / 2 (1 + erf(x / √2)).
#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig& config) {
  const RowTasks rows(context.outputs[0]);
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const auto y = context.outputs[0].row<float>(r);
    gelu_row(config.level, y.data(), context.inputs[0].row<const float>(r).data(), int64_t(y.size()));
  }
}

}  // namespace

const CpuOp kGelu = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
