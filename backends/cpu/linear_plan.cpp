#include "backends/cpu/linear_plan.hpp"

#include <algorithm>

namespace hadal::cpu {
namespace {

constexpr size_t kLine = 64;
size_t aligned(size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

}  // namespace

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

LinearScratch::LinearScratch(const LinearShape& shape, int64_t rows, const CpuConfig& config) : cols(shape.cols) {
  size_t end = 0;
  const auto take = [&](size_t bytes) {
    const size_t at = end;
    end += aligned(bytes);
    return at;
  };
  const Kernels& table = kernels(config.level);
  const size_t n = size_t(rows), values = n * size_t(cols), blocks = n * size_t((cols + kBlock - 1) / kBlock);
  for (int p = 0; p < shape.attributes.projections; ++p) {
    const Dtype dtype = shape.weight(p).dtype;
    if (const PanelFormat* format = panel_format(dtype)) {
      wide |= format->wide() && table.wide_int16;
      tile_bytes = std::max(tile_bytes, aligned(size_t(cols / kBlock * table.formats[format_index(dtype)].tile_block_bytes)));
    }
    if (!config.panels) packed_bytes = std::max(packed_bytes, aligned(size_t(panel_bytes(dtype, cols))));
  }
  if (shape.attributes.norm && shape.any_float) normalised_at = take(values * sizeof(float));
  if (shape.any_quantised) {
    codes_at = take(values);
    residuals_at = take(values);
    blocks_at = take(blocks * sizeof(BlockInfo));
    residual_blocks_at = take(blocks * sizeof(ResidualInfo));
    needed_at = take(n * size_t((cols / kBlock + 63) / 64) * sizeof(uint64_t));
    if (wide) wide_at = take(values * sizeof(int16_t));
  }
  workers_at = end;

  end = 0;
  const size_t panels = size_t(table.tile_panels);
  take(shape.attributes.norm ? size_t(cols) * sizeof(float) : 0);
  tiles_at = take(panels * tile_bytes);
  packed_at = take(panels * packed_bytes);
  sums_at = take(panels * kMostTokens * kPanelRows * sizeof(float));
  gate_at = take(shape.swiglu() ? panels * size_t(std::min(rows, most_row_block(cols))) * kPanelRows * sizeof(float) : 0);
  own_bytes = end;
}

QuantRows LinearScratch::quantised(std::byte* scratch) const {
  return {cols,
          reinterpret_cast<int8_t*>(scratch + codes_at),
          reinterpret_cast<int8_t*>(scratch + residuals_at),
          reinterpret_cast<BlockInfo*>(scratch + blocks_at),
          reinterpret_cast<ResidualInfo*>(scratch + residual_blocks_at),
          reinterpret_cast<uint64_t*>(scratch + needed_at),
          wide ? reinterpret_cast<int16_t*>(scratch + wide_at) : nullptr};
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
