// Q4_K: 8 sub-blocks of 32 values; y = (d * scale) * q - (dmin * min), q of 4 bits, scale and min of 6 bits. Each 64
// values take 32 bytes of qs: the first 32 in the low nibbles, the next 32 in the high ones.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"
#include "quant/super_block.hpp"

namespace hadal::quant {

void decode_q4_k(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ4_K*>(blocks);
  for (const float* end = out + elements; out != end; out += 256, ++block) {
    const float d = block->d.value();
    const float dmin = block->dmin.value();
    for (int pair = 0; pair < 4; ++pair) {
      const uint8_t* qs = block->qs + 32 * pair;
      float* y = out + 64 * pair;
      const float low_scale = d * float(scale_of(block->scales, 2 * pair));
      const float low_min = dmin * float(min_of(block->scales, 2 * pair));
      const float high_scale = d * float(scale_of(block->scales, 2 * pair + 1));
      const float high_min = dmin * float(min_of(block->scales, 2 * pair + 1));
      for (int i = 0; i < 32; ++i) y[i] = low_scale * float(qs[i] & 15) - low_min;
      for (int i = 0; i < 32; ++i) y[32 + i] = high_scale * float(qs[i] >> 4) - high_min;
    }
  }
}

void encode_q4_k(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ4_K*>(blocks);
  for (int64_t start = 0; start < elements; start += 256, ++block) {
    const auto fit = encode_affine<32>(in + start, importance ? importance + start : nullptr, 15, 63, 1.0f);
    *block = {};
    block->d = fit.d;
    block->dmin = fit.dmin;
    for (int sub = 0; sub < 8; ++sub) set_scale_and_min(block->scales, sub, fit.scales[sub], fit.mins[sub]);
    for (int pair = 0; pair < 4; ++pair) {
      const uint8_t* q = fit.q + 64 * pair;
      for (int i = 0; i < 32; ++i) block->qs[32 * pair + i] = uint8_t(q[i] | q[32 + i] << 4);
    }
  }
}

}  // namespace hadal::quant
