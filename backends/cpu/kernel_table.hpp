// Fills a level's table from the templates. Included after one of the isa headers.
#pragma once

#include "backends/cpu/dot_kernels.hpp"
#include "backends/cpu/row_kernels.hpp"

namespace hadal::cpu {
namespace {

// Token counts that have a kernel: the others are made of these.
constexpr bool has_kernel(int tokens, int most) { return tokens == 1 || tokens == 2 || tokens == most; }

// Formats whose packed panels are worth kernels of their own for a few tokens at once; the others go by way of a tile.
constexpr bool is_frequent(Dtype dtype) {
  return dtype == Dtype::q4_0 || dtype == Dtype::q4_1 || dtype == Dtype::q5_0 || dtype == Dtype::q8_0 ||
         dtype == Dtype::q4_k || dtype == Dtype::q6_k;
}

template <class S, Dtype dtype>
constexpr FormatKernels format_kernels() {
  using Packed = PackedSource<S, dtype>;
  using Tile = TileOf<S, Packed>;
  FormatKernels table = {};
  unroll<S::kMostTokens>([&](auto t) {
    constexpr int tokens = t.value + 1;
    if constexpr (has_kernel(tokens, S::kMostTokens)) {
      if constexpr (tokens <= S::kMostDirect && (tokens == 1 || is_frequent(dtype)))
        table.direct[tokens] = panel_dot<S, Packed, 1, tokens>;
      unroll<S::kTilePanels>(
          [&](auto r) { table.tile[r.value + 1][tokens] = panel_dot<S, Tile, r.value + 1, tokens>; });
    }
  });
  table.unpack = unpack_tile<S, Packed>;
  table.tile_block_bytes = Tile::kBlockBytes;
  return table;
}

template <class S>
constexpr Kernels make_kernels() {
  Kernels table = {};
  table.tile_tokens = S::kMostTokens;
  table.tile_panels = S::kTilePanels;
  table.wide_int16 = S::kWideInt16;
  unroll<12>([&](auto i) { table.formats[i.value] = format_kernels<S, kPanelDtypes[i.value]>(); });
  unroll<S::kMostTokens>([&](auto t) {
    constexpr int tokens = t.value + 1;
    if constexpr (has_kernel(tokens, S::kMostTokens)) {
      table.floats[0][tokens] = float_dot<S, FloatKind::f32, tokens>;
      table.floats[1][tokens] = float_dot<S, FloatKind::f16, tokens>;
      table.floats[2][tokens] = float_dot<S, FloatKind::bf16, tokens>;
      table.floats[3][tokens] = f8_dot<S, tokens>;
    }
  });
  table.quantise_row = quantise_row<S>;
  table.rms_norm_row = rms_norm_row<S>;
  table.swiglu_row = swiglu_row<S>;
  table.gelu_row = gelu_row<S>;
  return table;
}

}  // namespace
}  // namespace hadal::cpu
