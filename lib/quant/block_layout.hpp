// The bytes of each block format, fields in storage order. Two-byte scales d, dmin, m are little-endian f16 kept as
// bytes: every struct has alignment 1, so blocks may be read where they lie in a file.
// Layouts as ggml defines them (ggml-common.h); the decoders beside this header say what the fields mean.
#pragma once

#include <cstdint>

#include "core/dtype.hpp"
#include "core/half.hpp"

namespace hadal::quant {

struct F16 {
  uint8_t bytes[2];
  constexpr uint16_t bits() const { return uint16_t(bytes[0] | bytes[1] << 8); }
  constexpr float value() const { return f16_to_f32(bits()); }
};

constexpr F16 to_f16(float value) {
  const uint16_t bits = f32_to_f16(value);
  return {{uint8_t(bits & 0xFF), uint8_t(bits >> 8)}};
}

struct BlockQ4_0 { F16 d; uint8_t qs[16]; };
struct BlockQ4_1 { F16 d, m; uint8_t qs[16]; };
struct BlockQ5_0 { F16 d; uint8_t qh[4]; uint8_t qs[16]; };
struct BlockQ5_1 { F16 d, m; uint8_t qh[4]; uint8_t qs[16]; };
struct BlockQ8_0 { F16 d; int8_t qs[32]; };
struct BlockQ2_K { uint8_t scales[16]; uint8_t qs[64]; F16 d, dmin; };
struct BlockQ3_K { uint8_t hmask[32]; uint8_t qs[64]; uint8_t scales[12]; F16 d; };
struct BlockQ4_K { F16 d, dmin; uint8_t scales[12]; uint8_t qs[128]; };
struct BlockQ5_K { F16 d, dmin; uint8_t scales[12]; uint8_t qh[32]; uint8_t qs[128]; };
struct BlockQ6_K { uint8_t ql[128]; uint8_t qh[64]; int8_t scales[16]; F16 d; };
struct BlockIQ4_NL { F16 d; uint8_t qs[16]; };
struct BlockIQ4_XS { F16 d; uint8_t scales_h[2]; uint8_t scales_l[4]; uint8_t qs[128]; };

static_assert(sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20 && sizeof(BlockQ5_0) == 22 &&
              sizeof(BlockQ5_1) == 24 && sizeof(BlockQ8_0) == 34 && sizeof(BlockQ2_K) == 84 &&
              sizeof(BlockQ3_K) == 110 && sizeof(BlockQ4_K) == 144 && sizeof(BlockQ5_K) == 176 &&
              sizeof(BlockQ6_K) == 210 && sizeof(BlockIQ4_NL) == 18 && sizeof(BlockIQ4_XS) == 136);
static_assert(alignof(BlockQ4_K) == 1 && alignof(BlockIQ4_XS) == 1);

// Values of the 4-bit codes of IQ4_NL and IQ4_XS.
inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// Scales and minima of Q4_K and Q5_K: eight pairs of 6 bits in 12 bytes. Pairs 0..3 lie in the low six bits of bytes
// 0..3 and 4..7; pairs 4..7 have their low nibbles in bytes 8..11 and their upper two bits on top of bytes 0..7.
constexpr int scale_of(const uint8_t scales[12], int j) {
  return j < 4 ? scales[j] & 63 : (scales[j + 4] & 15) | (scales[j - 4] >> 6) << 4;
}
constexpr int min_of(const uint8_t scales[12], int j) {
  return j < 4 ? scales[j + 4] & 63 : scales[j + 4] >> 4 | (scales[j] >> 6) << 4;
}
constexpr void set_scale_and_min(uint8_t scales[12], int j, int scale, int min) {
  if (j < 4) {
    scales[j] = uint8_t((scales[j] & 0xC0) | scale);
    scales[j + 4] = uint8_t((scales[j + 4] & 0xC0) | min);
  } else {
    scales[j + 4] = uint8_t((scale & 15) | (min & 15) << 4);
    scales[j - 4] = uint8_t((scales[j - 4] & 63) | (scale >> 4) << 6);
    scales[j] = uint8_t((scales[j] & 63) | (min >> 4) << 6);
  }
}

}  // namespace hadal::quant
