// concat and input: rows copied side by side, and rows that come with the batch.
#include <algorithm>

#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

void run_concat(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const RowTasks rows(context.outputs[0]);
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const auto a = context.inputs[0].row<const float>(r);
    const auto b = context.inputs[1].row<const float>(r);
    std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), context.outputs[0].row<float>(r).begin()));
  }
}

void run_input(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const RowTasks rows(context.outputs[0]);
  const int64_t cols = context.outputs[0].cols;
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r)
    std::copy_n(context.batch.input + r * cols, cols, context.outputs[0].row<float>(r).begin());
}

}  // namespace

const CpuOp kConcat = {supports, no_scratch, one_stage, tasks, run_concat};
const CpuOp kInput = {supports, no_scratch, one_stage, tasks, run_input};

}  // namespace hadal::cpu
