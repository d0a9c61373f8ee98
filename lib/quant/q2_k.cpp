// Q2_K: 16 sub-blocks of 16 values; y = (d * scale) * q - (dmin * min), q of 2 bits, scale and min of 4 bits in one
// byte. Each half of 128 values takes 32 bytes of qs: value 32 j + i of the half lies in bits 2 j of byte i.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"
#include "quant/super_block.hpp"

namespace hadal::quant {

void decode_q2_k(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ2_K*>(blocks);
  for (const float* end = out + elements; out != end; out += 256, ++block) {
    const float d = block->d.value();
    const float dmin = block->dmin.value();
    for (int sub = 0; sub < 16; ++sub) {
      const int shift = sub % 8 / 2 * 2;
      const uint8_t* qs = block->qs + sub / 8 * 32 + sub % 2 * 16;
      const float scale = d * float(block->scales[sub] & 15);
      const float min = dmin * float(block->scales[sub] >> 4);
      for (int i = 0; i < 16; ++i) out[16 * sub + i] = scale * float(qs[i] >> shift & 3) - min;
    }
  }
}

void encode_q2_k(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ2_K*>(blocks);
  for (int64_t start = 0; start < elements; start += 256, ++block) {
    const auto fit = encode_affine<16>(in + start, importance ? importance + start : nullptr, 3, 15, 0.9f);
    *block = {};
    block->d = fit.d;
    block->dmin = fit.dmin;
    for (int sub = 0; sub < 16; ++sub) {
      block->scales[sub] = uint8_t(fit.scales[sub] | fit.mins[sub] << 4);
      const int shift = sub % 8 / 2 * 2;
      uint8_t* qs = block->qs + sub / 8 * 32 + sub % 2 * 16;
      for (int i = 0; i < 16; ++i) qs[i] = uint8_t(qs[i] | fit.q[16 * sub + i] << shift);
    }
  }
}

}  // namespace hadal::quant
