// How a quantised weight lies in panels: 16 rows side by side, cut along k into blocks of 32.
//
// A block holds the codes as bit planes, then its scales. In a plane of whole bytes, chunk g of 64 bytes holds k =
// 4 g .. 4 g + 3 of row 0, then of row 1, and so on; narrower planes hold several such chunks in the bits of one.
// The same layout serves every instruction set level: 64 bytes are one AVX-512 or two AVX2 vectors.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.hpp"

namespace hadal::cpu {

inline constexpr int kPanelRows = 16;
inline constexpr int kBlock = 32;        // k per block
inline constexpr int kSuperBlock = 256;  // k per super-block of the K formats
inline constexpr int kChunk = 64;        // bytes

enum class Planes : uint8_t {
  bits2,     // 128 bytes: chunk g in bits 2 (g % 4) of byte chunk g / 4
  bits3,     // bits2, then 64 bytes with the third bit: chunk g in bit g
  bits4,     // 256 bytes: byte chunk c holds chunk c in the low, c + 4 in the high nibbles
  codebook,  // bits4; the nibble is an index into kCodebook
  bits5,     // bits4, then 64 bytes with the fifth bit as in bits3
  bits6,     // bits4, then 128 bytes with the upper two bits as in bits2
  bytes,     // 512 bytes, signed
};

// y = scale * (q - zero_point) + offset, of row r:
enum class Scales : uint8_t {
  half,            // f16 d[16]: scale = d
  half_offset,     // f16 d[16], f16 m[16]: scale = d, offset = m
  super32,         // i8 s[16] and f16 d[16] before the super-block: scale = d * s
  super32_offset,  // u8 s[16], u8 m[16]; f16 d[16], f16 dmin[16] before the super-block: scale = d * s, offset = -dmin * m
  super16,         // i8 s[2][16], one per 16 k; f16 d[16] before the super-block
  super16_offset,  // u8 s[2][16], s in the low, m in the high nibble; f16 d[16], f16 dmin[16] before the super-block
};

struct PanelFormat {
  Planes planes;
  Scales scales;
  int zero_point;

  constexpr bool halves() const { return scales == Scales::super16 || scales == Scales::super16_offset; }
  constexpr bool offset() const {
    return scales == Scales::half_offset || scales == Scales::super32_offset || scales == Scales::super16_offset;
  }
  constexpr bool super() const { return scales != Scales::half && scales != Scales::half_offset; }
  constexpr bool wide() const { return planes == Planes::bytes || planes == Planes::codebook; }
  constexpr int plane_bytes() const {
    switch (planes) {
      case Planes::bits2: return 128;
      case Planes::bits3: return 192;
      case Planes::bits4: case Planes::codebook: return 256;
      case Planes::bits5: return 320;
      case Planes::bits6: return 384;
      case Planes::bytes: return 512;
    }
    return 0;
  }
  constexpr int block_bytes() const {
    switch (scales) {
      case Scales::half: return plane_bytes() + 32;
      case Scales::half_offset: return plane_bytes() + 64;
      case Scales::super32: return plane_bytes() + 16;
      case Scales::super32_offset: case Scales::super16: case Scales::super16_offset: return plane_bytes() + 32;
    }
    return 0;
  }
  // Before each super-block.
  constexpr int header_bytes() const { return !super() ? 0 : offset() ? 64 : 32; }
  // blocks: a multiple of 8 where there are super-blocks.
  constexpr int64_t panel_bytes(int64_t blocks) const {
    return blocks * block_bytes() + (super() ? blocks / 8 * header_bytes() : 0);
  }
};

// Codes of 5 bits with an offset are centred too: sums of 16 products then fit i16.
inline constexpr PanelFormat kPanelQ4_0{Planes::bits4, Scales::half, 8};
inline constexpr PanelFormat kPanelQ4_1{Planes::bits4, Scales::half_offset, 0};
inline constexpr PanelFormat kPanelQ5_0{Planes::bits5, Scales::half, 16};
inline constexpr PanelFormat kPanelQ5_1{Planes::bits5, Scales::half_offset, 0};
inline constexpr PanelFormat kPanelQ8_0{Planes::bytes, Scales::half, 0};
inline constexpr PanelFormat kPanelQ2_K{Planes::bits2, Scales::super16_offset, 0};
inline constexpr PanelFormat kPanelQ3_K{Planes::bits3, Scales::super16, 4};
inline constexpr PanelFormat kPanelQ4_K{Planes::bits4, Scales::super32_offset, 0};
inline constexpr PanelFormat kPanelQ5_K{Planes::bits5, Scales::super32_offset, 0};
inline constexpr PanelFormat kPanelQ6_K{Planes::bits6, Scales::super16, 32};
inline constexpr PanelFormat kPanelIq4Nl{Planes::codebook, Scales::half, 0};
inline constexpr PanelFormat kPanelIq4Xs{Planes::codebook, Scales::super32, 0};

// Of IQ4_NL and IQ4_XS.
alignas(16) inline constexpr int8_t kCodebook[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                     1,    13,   25,  38,  53,  69,  89,  113};

// nullptr for plain dtypes.
constexpr const PanelFormat* panel_format(Dtype dtype) {
  switch (dtype) {
    case Dtype::q4_0: return &kPanelQ4_0;
    case Dtype::q4_1: return &kPanelQ4_1;
    case Dtype::q5_0: return &kPanelQ5_0;
    case Dtype::q5_1: return &kPanelQ5_1;
    case Dtype::q8_0: return &kPanelQ8_0;
    case Dtype::q2_k: return &kPanelQ2_K;
    case Dtype::q3_k: return &kPanelQ3_K;
    case Dtype::q4_k: return &kPanelQ4_K;
    case Dtype::q5_k: return &kPanelQ5_K;
    case Dtype::q6_k: return &kPanelQ6_K;
    case Dtype::iq4_nl: return &kPanelIq4Nl;
    case Dtype::iq4_xs: return &kPanelIq4Xs;
    default: return nullptr;
  }
}

// Plain dtypes that have panels of their own: k after k, the 16 rows' values of each side by side. FP8 has before every
// 128 of these the f32 scales of the 16 rows.
constexpr bool is_float_panel(Dtype dtype) {
  return dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16 || dtype == Dtype::f8_e4m3;
}
inline constexpr int kF8Block = 128;                                      // k that share scales
inline constexpr int kF8ScaleBytes = kPanelRows * int(sizeof(float));

constexpr int64_t panels_of(int64_t rows) { return (rows + kPanelRows - 1) / kPanelRows; }

// Bytes of one panel of a weight with `cols` columns.
inline int64_t panel_bytes(Dtype dtype, int64_t cols) {
  if (const PanelFormat* format = panel_format(dtype)) return format->panel_bytes(cols / kBlock);
  const int64_t scales = dtype == Dtype::f8_e4m3 ? (cols + kF8Block - 1) / kF8Block * kF8ScaleBytes : 0;
  return int64_t(bytes_of(dtype, cols)) * kPanelRows + scales;
}

}  // namespace hadal::cpu
