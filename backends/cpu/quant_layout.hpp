// Where rows of quantised activations lie in a node's scratch.
#pragma once

#include <algorithm>

#include "backends/cpu/activations.hpp"
#include "backends/cpu/kernels.hpp"

namespace hadal::cpu {

inline constexpr size_t kLine = 64;   // parts of scratch begin on lines of the cache
constexpr size_t aligned(size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

// A multiple of lines for `rows` rows of `cols` values.
struct QuantLayout {
  QuantLayout() = default;
  QuantLayout(int64_t rows, int64_t num_cols, bool with_wide) : cols(num_cols), wide(with_wide) {
    const size_t values = size_t(rows * cols), blocks = size_t(rows * (cols / kBlock));
    residuals_at = aligned(values);
    blocks_at = residuals_at + aligned(values);
    residual_blocks_at = blocks_at + aligned(blocks * sizeof(BlockInfo));
    needed_at = residual_blocks_at + aligned(blocks * sizeof(ResidualInfo));
    wide_at = needed_at + aligned(size_t(rows * ((cols / kBlock + 63) / 64)) * sizeof(uint64_t));
    bytes = wide_at + (wide ? aligned(values * sizeof(int16_t)) : 0);
  }

  // memory: at a line of the cache.
  QuantRows in(std::byte* memory) const {
    return {cols,
            reinterpret_cast<int8_t*>(memory),
            reinterpret_cast<int8_t*>(memory + residuals_at),
            reinterpret_cast<BlockInfo*>(memory + blocks_at),
            reinterpret_cast<ResidualInfo*>(memory + residual_blocks_at),
            reinterpret_cast<uint64_t*>(memory + needed_at),
            wide ? reinterpret_cast<int16_t*>(memory + wide_at) : nullptr};
  }

  int64_t cols = 0;
  bool wide = false;
  size_t residuals_at = 0, blocks_at = 0, residual_blocks_at = 0, needed_at = 0, wide_at = 0;
  size_t bytes = 0;
};

// Whether weights of this format read QuantRows::wide at the level.
inline bool wants_wide(Dtype dtype, const Kernels& table) {
  const PanelFormat* format = panel_format(dtype);
  return format && format->wide() && table.wide_int16;
}

// Bytes of one panel of the format unpacked to a tile; 0 for floats, which have none.
inline size_t tile_bytes(Dtype dtype, int64_t cols, const Kernels& table) {
  if (!panel_format(dtype)) return 0;
  return aligned(size_t(cols / kBlock * table.formats[format_index(dtype)].tile_block_bytes));
}

}  // namespace hadal::cpu
