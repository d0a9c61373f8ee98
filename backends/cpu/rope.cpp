// rope_table and rope: rotary positions. Plain C++ at every level, so that all levels rotate to the same bits.
#include <algorithm>
#include <cmath>

#include "backends/cpu/op.hpp"
#include "backends/cpu/row_tasks.hpp"

namespace hadal::cpu {
namespace {

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return RowTasks(context.outputs[0]).count(); }

// A sine costs some twenty times what other ops do with a value.
RowTasks table_rows(const Tensor& table) {
  RowTasks rows(table);
  rows.rows_per_task = std::max<int64_t>(rows.rows_per_task / 16, 1);
  return rows;
}

int64_t table_tasks(const NodeContext& context, int, const CpuConfig&) { return table_rows(context.outputs[0]).count(); }

void run_table(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const auto& attributes = context.node.as<RopeTableAttributes>();
  const RowTasks rows = table_rows(context.outputs[0]);
  const size_t n = attributes.inv_freq.size();
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    float* const out = context.outputs[0].row<float>(r).data();
    const float position = float(context.batch.positions[size_t(r)]);
    for (size_t i = 0; i < n; ++i) {
      // The angle is rounded to f32 first, as the original does; at position 100000 that is what decides its value.
      const float angle = position * attributes.inv_freq[i];
      out[i] = float(std::cos(double(angle))) * attributes.magnitude;
      out[n + i] = float(std::sin(double(angle))) * attributes.magnitude;
    }
  }
}

// (u, v) → (u cos − v sin, u sin + v cos), u and v `apart` values apart, neighbouring pairs `step`.
template <int64_t step>
void rotate(float* y, const float* x, const float* cosine, const float* sine, int64_t pairs, int64_t apart) {
  for (int64_t i = 0; i < pairs; ++i) {
    const float u = x[i * step], v = x[i * step + apart];
    y[i * step] = u * cosine[i] - v * sine[i];
    y[i * step + apart] = u * sine[i] + v * cosine[i];
  }
}

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const auto& attributes = context.node.as<RopeAttributes>();
  const RowTasks rows(context.outputs[0]);
  const int64_t pairs = attributes.rope_dim / 2, head_dim = attributes.head_dim;
  for (int64_t r = rows.begin(task); r < rows.end(task); ++r) {
    const auto in = context.inputs[0].row<const float>(r);
    const auto out = context.outputs[0].row<float>(r);
    const float* const table = context.inputs[1].row<const float>(r).data();
    for (int64_t head = 0; head < int64_t(in.size()); head += head_dim) {
      const float* const x = in.data() + head;
      float* const y = out.data() + head;
      const int64_t first = attributes.first, end = first + attributes.rope_dim;
      std::copy_n(x, first, y);
      if (attributes.interleaved) {
        rotate<2>(y + first, x + first, table, table + pairs, pairs, 1);
      } else {
        rotate<1>(y + first, x + first, table, table + pairs, pairs, pairs);
      }
      std::copy(x + end, x + head_dim, y + end);
    }
  }
}

}  // namespace

const CpuOp kRopeTable = {supports, no_scratch, one_stage, table_tasks, run_table};
const CpuOp kRope = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
