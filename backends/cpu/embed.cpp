// y[t] = table[i], i the token's id, position or type, out of the file's rows or out of panels.
#include <cstring>

#include "backends/cpu/panel.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kTokens = 16;   // per task

bool supports(const Node& node, const CpuConfig&) {
  return info(node.weights[0]->dtype).block_elements <= node.weights[0]->cols;
}

int64_t tasks(const NodeContext& context, int, const CpuConfig&) {
  return (context.outputs[0].rows + kTokens - 1) / kTokens;
}

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const auto& table = static_cast<const CpuWeight&>(*context.weights[0]);
  const Tensor& y = context.outputs[0];
  const int64_t end = y.rows < (task + 1) * kTokens ? y.rows : (task + 1) * kTokens;
  for (int64_t t = task * kTokens; t < end; ++t) {
    const int64_t row = context.batch.table_row(context.node, size_t(t));
    float* out = y.row<float>(t).data();
    if (table.kind == CpuWeight::Kind::panels)
      unpack_row(table.dtype, reinterpret_cast<const uint8_t*>(table.memory.data()), table.cols, row, out);
    else
      decode_rows(table.source, row, 1, out);
  }
}

}  // namespace

const CpuOp kEmbed = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
