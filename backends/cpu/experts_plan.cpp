#include "backends/cpu/experts_plan.hpp"

#include <algorithm>

#include "backends/cpu/linear_plan.hpp"

namespace hadal::cpu {

int64_t ExpertGroups::make(const ExpertsShape& shape, const Tensor& routing, int64_t row_block) const {
  const int64_t k = shape.per_token, experts = shape.num_experts;
  const auto expert_of = [&](int64_t t, int64_t i) { return int32_t(routing.row<const float>(t)[size_t(i)]); };
  std::fill_n(counts, experts + 1, 0);
  for (int64_t t = 0; t < routing.rows; ++t)
    for (int64_t i = 0; i < k; ++i) ++counts[expert_of(t, i)];
  int32_t first = 0;
  int64_t found = 0, used = 0;
  for (int64_t e = 0; e < experts; ++e) {
    const int32_t rows = counts[e];
    for (int32_t done = 0; done < rows; done += int32_t(row_block))
      jobs[found++] = {int32_t(e), first + done, std::min(rows - done, int32_t(row_block))};
    counts[e] = first;   // where the next pair of this expert goes
    first += rows;
  }
  for (int64_t t = 0; t < routing.rows; ++t) {
    for (int64_t i = 0; i < k; ++i) {
      const int32_t pair = counts[expert_of(t, i)]++;
      token_of[pair] = int32_t(t);
      pair_of[t * k + i] = pair;
    }
  }
  for (int64_t j = 0; j < found; ++j)
    if (j == 0 || jobs[j].expert != jobs[j - 1].expert) counts[used++] = jobs[j].expert;
  *num_jobs = found;
  return used;
}

ExpertsScratch::ExpertsScratch(const ExpertsShape& shape, int64_t num_tokens, const CpuConfig& config)
    : tokens(num_tokens), pairs(tokens * shape.per_token) {
  size_t end = 0;
  const auto take = [&](size_t bytes) {
    const size_t at = end;
    end += aligned(bytes);
    return at;
  };
  const Kernels& table = kernels(config.level);
  row_block = most_row_block(std::max(shape.hidden, shape.ff));
  most_jobs = std::min(shape.num_experts, pairs) + pairs / row_block;
  take(sizeof(int64_t));
  jobs_at = take(size_t(most_jobs) * sizeof(ExpertJob));
  token_of_at = take(size_t(pairs) * sizeof(int32_t));
  pair_of_at = take(size_t(pairs) * sizeof(int32_t));
  counts_at = take(size_t(shape.num_experts + 1) * sizeof(int32_t));

  // Rounded activations, or the only ones, are read while results are written; the rest is used up by then.
  const size_t activation_bytes = size_t(pairs * shape.ff) * sizeof(float);
  if (shape.quantised_activation()) {
    activation_rows = QuantLayout(pairs, shape.ff, wants_wide(shape.down.dtype, table));
    rounded_at = take(activation_rows.bytes);
  } else {
    activations_at = take(activation_bytes);
  }
  results_at = end;
  if (shape.quantised_input()) {
    input_rows = QuantLayout(num_inputs(), shape.hidden,
                             wants_wide(shape.gate.dtype, table) || wants_wide(shape.up.dtype, table));
    inputs_at = take(input_rows.bytes);
  }
  if (shape.float_input() && tokens > 1) float_inputs_at = take(size_t(pairs * shape.hidden) * sizeof(float));
  if (shape.quantised_activation()) activations_at = take(activation_bytes);
  end = std::max(end, results_at + aligned(size_t(pairs * shape.hidden) * sizeof(float)));
  workers_at = end;

  end = 0;
  for (const Weight* weight : {&shape.gate, &shape.up, &shape.down}) {
    tile_bytes = std::max(tile_bytes, cpu::tile_bytes(weight->dtype, weight->cols, table));
    packed_bytes = std::max(packed_bytes, aligned(size_t(panel_bytes(weight->dtype, weight->cols))));
  }
  const size_t panels = size_t(table.tile_panels);
  take(panels * tile_bytes);
  packed_at = take(panels * packed_bytes);
  sums_at = take(panels * kMostTokens * kPanelRows * sizeof(float));
  gate_at = take(panels * size_t(std::min(tokens, row_block)) * kPanelRows * sizeof(float));
  own_bytes = end;
}

ExpertGroups ExpertsScratch::groups(std::byte* scratch) const {
  return {reinterpret_cast<int64_t*>(scratch), reinterpret_cast<ExpertJob*>(scratch + jobs_at),
          reinterpret_cast<int32_t*>(scratch + token_of_at), reinterpret_cast<int32_t*>(scratch + pair_of_at),
          reinterpret_cast<int32_t*>(scratch + counts_at)};
}

ExpertsScratch::Own ExpertsScratch::own(std::byte* scratch, int worker) const {
  std::byte* part = scratch + workers_at + size_t(worker) * own_bytes;
  return {reinterpret_cast<uint8_t*>(part), reinterpret_cast<uint8_t*>(part + packed_at),
          reinterpret_cast<float*>(part + sums_at), reinterpret_cast<float*>(part + gate_at)};
}

ExpertTasks::ExpertTasks(int64_t num_jobs, int64_t num_panels, int64_t panel_bytes, const CpuConfig& config)
    : jobs(num_jobs), panels(num_panels) {
  // As with linear: enough tasks that nobody waits long for the last one, each long enough to be worth claiming.
  const int64_t bytes = std::clamp<int64_t>(jobs * panels * panel_bytes / 24, 32 << 10, 256 << 10);
  const int64_t together = kernels(config.level).tile_panels;
  group = (bytes / panel_bytes + together - 1) / together * together;
  group = std::clamp(group, together, std::max(panels, together));
}

ExpertTasks gate_up_tasks(const ExpertsShape& shape, int64_t num_jobs, const CpuConfig& config) {
  return {num_jobs, panels_of(shape.ff), panel_bytes(shape.gate.dtype, shape.hidden) +
          panel_bytes(shape.up.dtype, shape.hidden), config};
}

ExpertTasks down_tasks(const ExpertsShape& shape, int64_t num_jobs, const CpuConfig& config) {
  return {num_jobs, panels_of(shape.hidden), panel_bytes(shape.down.dtype, shape.ff), config};
}

}  // namespace hadal::cpu
