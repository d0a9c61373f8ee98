#include "backends/cpu/linear_plan.hpp"

#include <algorithm>

namespace hadal::cpu {

LinearShape::LinearShape(const Node& n) : node(n) {
  if (node.op == Op::fused_linear) {
    attributes = node.as<FusedLinearAttributes>();
    first = 1;
  }
  cols = weight(0).cols;
  for (int p = 0; p < attributes.projections; ++p)
    (panel_format(weight(p).dtype) ? any_quantised : any_float) = true;
}

// A block of quantised rows (three bytes a value, two of them read) should stay in a part of a small L2 cache.
int64_t most_row_block(int64_t cols) {
  constexpr int64_t kBytes = 128 << 10, kTile = 12;
  return std::clamp<int64_t>(kBytes / (2 * cols), 48, 252) / kTile * kTile;
}

LinearScratch::LinearScratch(const LinearShape& shape, int64_t num_rows, const CpuConfig& config) {
  size_t end = 0;
  const auto take = [&](size_t bytes) {
    const size_t at = end;
    end += aligned(bytes);
    return at;
  };
  const Kernels& table = kernels(config.level);
  const int64_t cols = shape.cols;
  bool wide = false;
  for (int p = 0; p < shape.attributes.projections; ++p) {
    const Dtype dtype = shape.weight(p).dtype;
    wide |= wants_wide(dtype, table);
    tile_bytes = std::max(tile_bytes, cpu::tile_bytes(dtype, cols, table));
    if (!config.panels) packed_bytes = std::max(packed_bytes, aligned(size_t(panel_bytes(dtype, cols))));
  }
  if (shape.attributes.norm && shape.any_float) normalised_at = take(size_t(num_rows * cols) * sizeof(float));
  if (shape.any_quantised) {
    rows = QuantLayout(num_rows, cols, wide);
    rows_at = take(rows.bytes);
  }
  workers_at = end;

  end = 0;
  const size_t panels = size_t(table.tile_panels);
  take(shape.attributes.norm ? size_t(cols) * sizeof(float) : 0);
  tiles_at = take(panels * tile_bytes);
  packed_at = take(panels * packed_bytes);
  sums_at = take(panels * kMostTokens * kPanelRows * sizeof(float));
  gate_at = take(shape.swiglu() ? panels * size_t(std::min(num_rows, most_row_block(cols))) * kPanelRows * sizeof(float) : 0);
  own_bytes = end;
}

LinearScratch::Own LinearScratch::own(std::byte* scratch, int worker) const {
  std::byte* part = scratch + workers_at + size_t(worker) * own_bytes;
  return {reinterpret_cast<float*>(part), reinterpret_cast<uint8_t*>(part + tiles_at),
          reinterpret_cast<uint8_t*>(part + packed_at), reinterpret_cast<float*>(part + sums_at),
          reinterpret_cast<float*>(part + gate_at)};
}

LinearTasks::LinearTasks(const LinearShape& shape, int64_t num_rows, const CpuConfig& config) : rows(num_rows) {
  int64_t total_bytes = 0;
  for (int p = 0; p < shape.attributes.projections; ++p) {
    const int64_t panels = panels_of(shape.weight(p).rows);
    total_bytes += panels * panel_bytes(shape.weight(p).dtype, shape.cols);
    units = shape.swiglu() ? panels : units + panels;
  }
  row_block = std::min(std::max<int64_t>(rows, 1), most_row_block(shape.cols));
  if (rows <= kDirectRows) {
    // One slow thread should not hold up the others, and claiming should cost nothing beside the reading.
    const int64_t bytes = std::clamp<int64_t>(total_bytes / 24, 32 << 10, 256 << 10);
    group = std::max<int64_t>(1, bytes * units / std::max<int64_t>(total_bytes, 1));
  } else {
    const int64_t tile_panels = kernels(config.level).tile_panels;
    group = std::clamp<int64_t>(units * blocks() / 32, 1, 8);
    group = (group + tile_panels - 1) / tile_panels * tile_panels;
  }
}

}  // namespace hadal::cpu
