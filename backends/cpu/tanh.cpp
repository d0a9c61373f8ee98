// tanh: of the few rows a classification head reads, so plain C++ will do.
#include <cmath>

#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const RowTasks rows(context.outputs[0]);
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const auto y = context.outputs[0].row<float>(r);
    const auto x = context.inputs[0].row<const float>(r);
    for (size_t i = 0; i < y.size(); ++i) y[i] = float(std::tanh(double(x[i])));
  }
}

}  // namespace

const CpuOp kTanh = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
