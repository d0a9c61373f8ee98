// Eight-bit floats (arXiv 2209.05433; OCP Microscaling Formats 1.0). E4M3: sign, 4 bits of exponent with bias 7, 3 of
// mantissa; no infinity, 0x7F and 0xFF are NaN, the largest value is 448. E8M0: a power of two, 2^(code - 127).
#include <bit>
#include <cstring>

#include "quant/formats.hpp"

namespace hadal::quant {
namespace {

// Selections instead of branches, so that the loop vectorises.
float widen_e4m3(uint32_t code) {
  const uint32_t magnitude = code & 0x7F;
  const uint32_t normal = (magnitude << 20) + (120u << 23);
  const uint32_t tiny = std::bit_cast<uint32_t>(float(int32_t(magnitude)) * 0x1p-9f);
  const uint32_t finite = magnitude < 8 ? tiny : normal;
  return std::bit_cast<float>((magnitude < 0x7F ? finite : 0x7FC00000u) | (code & 0x80) << 24);
}

// To nearest even; beyond 448 the largest value.
uint32_t narrow_e4m3(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value), magnitude = bits & 0x7FFFFFFF, sign = bits >> 24 & 0x80;
  // Adding 2^14 puts the last bit of a subnormal code, 2^-9, at the last bit of the f32 mantissa.
  const uint32_t tiny = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0x1p14f) - 0x46800000u;
  const uint32_t normal = ((magnitude + 0x7FFFF + (magnitude >> 20 & 1)) >> 20) - (120u << 3);
  const uint32_t finite = magnitude < 0x3C800000u ? tiny : normal < 0x7E ? normal : 0x7E;   // 2^-6
  return sign | (magnitude > 0x7F800000u ? 0x7F : finite);
}

}  // namespace

void decode_f8_e4m3(const std::byte* codes, float* out, int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) out[i] = widen_e4m3(uint32_t(codes[i]));
}

void encode_f8_e4m3(const float* in, std::byte* codes, int64_t elements, const float*) {
  for (int64_t i = 0; i < elements; ++i) codes[i] = std::byte(narrow_e4m3(in[i]));
}

void decode_f8_e8m0(const std::byte* codes, float* out, int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) {
    const uint32_t code = uint32_t(codes[i]);
    out[i] = std::bit_cast<float>(code == 255 ? 0x7FC00000u : code == 0 ? 0x00400000u : code << 23);
  }
}

}  // namespace hadal::quant
