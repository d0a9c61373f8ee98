// Some panels of one weight times some rows of activations: what linear and experts are made of.
#pragma once

#include <algorithm>

#include "backends/cpu/kernels.hpp"

namespace hadal::cpu {

// Rows up to this many are multiplied straight from packed panels.
inline constexpr int64_t kDirectRows = 8;

// Rows of activations, from the first of a task on.
struct InputRows {
  QuantRows quantised;             // for block formats
  const float* floats = nullptr;   // for plain ones
  int64_t stride = 0;              // floats from row to row
};

// The most of `left` rows that one of the kernels, numbered by rows, takes at once.
template <class Kernel>
int widest(const Kernel* kernels, int64_t left) {
  int rows = int(std::min<int64_t>(left, kMostTokens));
  while (!kernels[rows]) --rows;
  return rows;
}

class PanelProduct {
 public:
  // tiles: room for kMostTilePanels tiles of tile_bytes; sums: for kMostTilePanels register tiles.
  // few: whether panels are used for no more than kDirectRows rows. It changes no bit of the results.
  PanelProduct(const Kernels& table, Dtype dtype, int64_t cols, uint8_t* tiles, size_t tile_bytes, float* sums, bool few)
      : table_(table), dtype_(dtype), cols_(cols), tiles_(tiles), tile_bytes_(tile_bytes), sums_(sums), few_(few) {}

  // How many of the `left` next panels to multiply together with `rows` rows.
  int panels_at_once(int64_t rows, int64_t left) const {
    if (!panel_format(dtype_) || direct(rows)) return 1;
    return int(std::min<int64_t>(left, table_.tile_panels));
  }

  // Calls done(r, t, tokens, sums [tokens][16]) for panel number r of `count` and rows t, t + 1, ... of `rows`.
  template <class Done>
  void run(const uint8_t* const* packed, int count, const InputRows& x, int64_t rows, Done&& done) const {
    if (!panel_format(dtype_)) return run_floats(packed[0], x, rows, done);
    const FormatKernels& format = table_.formats[format_index(dtype_)];
    const DotKernel* dots = format.direct;
    const uint8_t* panels[kMostTilePanels];
    std::copy_n(packed, count, panels);
    if (!direct(rows)) {
      dots = format.tile[count];
      for (int r = 0; r < count; ++r) {
        uint8_t* tile = tiles_ + size_t(r) * tile_bytes_;
        format.unpack(panels[r], cols_ / kBlock, tile);
        panels[r] = tile;
      }
    }
    for (int64_t t = 0; t < rows;) {
      const int tokens = widest(dots, rows - t);
      dots[tokens](panels, x.quantised.from(t), sums_);
      for (int r = 0; r < count; ++r) done(r, t, tokens, sums_ + r * tokens * kPanelRows);
      t += tokens;
    }
  }

 private:
  bool direct(int64_t rows) const {
    const auto& kernels = table_.formats[format_index(dtype_)].direct;
    return few_ && kernels[1] && (rows == 1 || kernels[2]);
  }

  template <class Done>
  void run_floats(const uint8_t* panel, const InputRows& x, int64_t rows, Done& done) const {
    const auto* dots = table_.floats[float_index(dtype_)];
    for (int64_t t = 0; t < rows;) {
      const int tokens = widest(dots, rows - t);
      dots[tokens](panel, x.floats + t * x.stride, x.stride, cols_, sums_);
      done(0, t, tokens, sums_);
      t += tokens;
    }
  }

  const Kernels& table_;
  Dtype dtype_;
  int64_t cols_;
  uint8_t* tiles_;
  size_t tile_bytes_;
  float* sums_;
  bool few_;
};

}  // namespace hadal::cpu
