// Q3_K: 16 sub-blocks of 16 values; y = (d * (scale - 32)) * q with scale of 6 bits and q in [-4, 3]. The two low bits
// of q + 4 lie as in Q2_K; its high bit is bit (sub-block / 2) of hmask[i], i the place within 32 values.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"
#include "quant/super_block.hpp"

namespace hadal::quant {
namespace {

// Sixteen scales of 6 bits: low nibbles in bytes 0..7 (scale k and k + 8 share one), upper two bits in bytes 8..11.
int scale_at(const uint8_t scales[12], int k) {
  const int low = k < 8 ? scales[k] & 15 : scales[k - 8] >> 4;
  return low | (scales[8 + k % 4] >> (k / 4 * 2) & 3) << 4;
}

}  // namespace

void decode_q3_k(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ3_K*>(blocks);
  for (const float* end = out + elements; out != end; out += 256, ++block) {
    const float d = block->d.value();
    for (int sub = 0; sub < 16; ++sub) {
      const int shift = sub % 8 / 2 * 2;
      const uint8_t* qs = block->qs + sub / 8 * 32 + sub % 2 * 16;
      const uint8_t* high = block->hmask + sub % 2 * 16;
      const float scale = d * float(scale_at(block->scales, sub) - 32);
      for (int i = 0; i < 16; ++i) {
        const int q = (qs[i] >> shift & 3) + (high[i] >> (sub / 2) & 1) * 4 - 4;
        out[16 * sub + i] = scale * float(q);
      }
    }
  }
}

void encode_q3_k(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ3_K*>(blocks);
  for (int64_t start = 0; start < elements; start += 256, ++block) {
    const auto fit = encode_symmetric<16>(in + start, importance ? importance + start : nullptr, -4, -32);
    *block = {};
    block->d = fit.d;
    for (int sub = 0; sub < 16; ++sub) {
      const int scale = fit.scales[sub] + 32;
      uint8_t& low = block->scales[sub % 8];
      uint8_t& high = block->scales[8 + sub % 4];
      low = uint8_t(low | (scale & 15) << (sub / 8 * 4));
      high = uint8_t(high | (scale >> 4) << (sub / 4 * 2));
      const int shift = sub % 8 / 2 * 2;
      uint8_t* qs = block->qs + sub / 8 * 32 + sub % 2 * 16;
      uint8_t* hmask = block->hmask + sub % 2 * 16;
      for (int i = 0; i < 16; ++i) {
        const int q = fit.q[16 * sub + i] + 4;
        qs[i] = uint8_t(qs[i] | (q & 3) << shift);
        hmask[i] = uint8_t(hmask[i] | (q >> 2) << (sub / 2));
      }
    }
  }
}

}  // namespace hadal::quant
