// Q6_K: 16 sub-blocks of 16 values; y = (d * scale) * (q - 32), scale a signed byte. Each half of 128 values takes 64
// bytes of ql and 32 of qh: quarter 0 and 2 are the low and high nibbles of ql[0..31], quarter 1 and 3 those of
// ql[32..63]; the upper two bits of quarter k are bits 2 k of qh.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"
#include "quant/super_block.hpp"

namespace hadal::quant {

void decode_q6_k(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ6_K*>(blocks);
  for (const float* end = out + elements; out != end; out += 256, ++block) {
    const float d = block->d.value();
    for (int sub = 0; sub < 16; ++sub) {
      const int quarter = sub % 8 / 2;
      const uint8_t* low = block->ql + sub / 8 * 64 + quarter % 2 * 32 + sub % 2 * 16;
      const uint8_t* high = block->qh + sub / 8 * 32 + sub % 2 * 16;
      const int low_shift = quarter / 2 * 4;
      const int high_shift = quarter * 2;
      const float scale = d * float(block->scales[sub]);
      for (int i = 0; i < 16; ++i) {
        const int q = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
        out[16 * sub + i] = scale * float(q - 32);
      }
    }
  }
}

void encode_q6_k(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ6_K*>(blocks);
  for (int64_t start = 0; start < elements; start += 256, ++block) {
    const auto fit = encode_symmetric<16>(in + start, importance ? importance + start : nullptr, -32, -128);
    *block = {};
    block->d = fit.d;
    for (int sub = 0; sub < 16; ++sub) {
      block->scales[sub] = fit.scales[sub];
      const int quarter = sub % 8 / 2;
      uint8_t* low = block->ql + sub / 8 * 64 + quarter % 2 * 32 + sub % 2 * 16;
      uint8_t* high = block->qh + sub / 8 * 32 + sub % 2 * 16;
      for (int i = 0; i < 16; ++i) {
        const int q = fit.q[16 * sub + i] + 32;
        low[i] = uint8_t(low[i] | (q & 15) << (quarter / 2 * 4));
        high[i] = uint8_t(high[i] | (q >> 4) << (quarter * 2));
      }
    }
  }
}

}  // namespace hadal::quant
