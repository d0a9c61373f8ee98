// add: y = a + b.
#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const RowTasks rows(context.outputs[0]);
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const float* const a = context.inputs[0].row<const float>(r).data();
    const float* const b = context.inputs[1].row<const float>(r).data();
    const auto y = context.outputs[0].row<float>(r);
    for (size_t i = 0; i < y.size(); ++i) y[i] = a[i] + b[i];
  }
}

}  // namespace

const CpuOp kAdd = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
