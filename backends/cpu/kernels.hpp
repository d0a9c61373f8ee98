// The inner loops of linear work, one table per instruction set level.
#pragma once

#include <cstdint>

#include "backends/cpu/activations.hpp"
#include "backends/cpu/level.hpp"
#include "backends/cpu/panel_format.hpp"

namespace hadal::cpu {

// Products of panels with tokens. out: [panels][tokens][16], 64-byte aligned. For a row and a token the float
// operations are the same ones in the same order whichever of these runs.
using DotKernel = void (*)(const uint8_t* const* panels, const QuantRows& x, float* out);
// Likewise for float weights; x: [tokens] rows of `cols` floats, `stride` floats apart.
using FloatDotKernel = void (*)(const uint8_t* panel, const float* x, int64_t stride, int64_t cols, float* out);

inline constexpr int kMostTokens = 6;        // of any level's register tile
inline constexpr int kMostTilePanels = 2;

struct FormatKernels {
  DotKernel direct[kMostTokens + 1];                          // one panel, by tokens; from the packed panel
  DotKernel tile[kMostTilePanels + 1][kMostTokens + 1];       // by panels and tokens; from unpacked tiles
  void (*unpack)(const uint8_t* panel, int64_t blocks, uint8_t* tile);
  int64_t tile_block_bytes;                                   // of an unpacked tile
};

struct Kernels {
  int tile_tokens;    // widest register tile
  int tile_panels;
  bool wide_int16;    // 8-bit weights read QuantRows::wide
  FormatKernels formats[12];          // by format_index()
  FloatDotKernel floats[4][kMostTokens + 1];   // by float_index() and tokens

  // Writes one token's row of `out`.
  void (*quantise_row)(const float* x, bool exact, const QuantRows& out);
  void (*rms_norm_row)(float* y, const float* x, const float* weight, int64_t n, float eps);
  void (*swiglu_row)(float* y, const float* gate, const float* up, int64_t n);
  void (*gelu_row)(float* y, const float* x, int64_t n);
};

inline constexpr Dtype kPanelDtypes[12] = {Dtype::q4_0, Dtype::q4_1, Dtype::q5_0, Dtype::q5_1,
                                           Dtype::q8_0, Dtype::q2_k, Dtype::q3_k, Dtype::q4_k,
                                           Dtype::q5_k, Dtype::q6_k, Dtype::iq4_nl, Dtype::iq4_xs};
constexpr int format_index(Dtype dtype) { return int(dtype) - int(Dtype::q4_0); }
static_assert(kPanelDtypes[format_index(Dtype::iq4_xs)] == Dtype::iq4_xs && format_index(Dtype::q4_0) == 0);

constexpr int float_index(Dtype dtype) {
  return dtype == Dtype::f32 ? 0 : dtype == Dtype::f16 ? 1 : dtype == Dtype::bf16 ? 2 : 3;   // 3: f8_e4m3
}

const Kernels& kernels(Level level);

// One definition each, in the file built for the level.
const Kernels& scalar_kernels();
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();

}  // namespace hadal::cpu
