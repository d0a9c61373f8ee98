// Q5_1: 32 values share a scale and a minimum; y = d * q + m. Low nibbles as in Q4_1, bit j of qh is the fifth bit of
// value j.
#include "quant/block_layout.hpp"
#include "quant/fit.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_q5_1(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ5_1*>(blocks);
  for (const float* end = out + elements; out != end; out += 32, ++block) {
    const float d = block->d.value();
    const float m = block->m.value();
    const uint32_t qh = block->qh[0] | block->qh[1] << 8 | block->qh[2] << 16 | uint32_t(block->qh[3]) << 24;
    for (int j = 0; j < 16; ++j) {
      out[j] = d * float(int(block->qs[j] & 15) + int((qh >> j & 1) << 4)) + m;
      out[j + 16] = d * float(int(block->qs[j] >> 4) + int((qh >> (j + 16) & 1) << 4)) + m;
    }
  }
}

// Without importance: ggml's reference, the range of the block in 31 steps.
void encode_q5_1(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ5_1*>(blocks);
  for (int64_t start = 0; start < elements; start += 32, ++block) {
    const float* x = in + start;
    const Affine fit = importance ? fit_affine<32>(x, importance + start, 31) : range_in_steps<32>(x, 31);
    const float inverse = fit.scale != 0 ? 1 / fit.scale : 0;
    block->d = to_f16(fit.scale);
    block->m = to_f16(fit.min);
    uint8_t q[32];
    for (int j = 0; j < 32; ++j) q[j] = uint8_t(truncated((x[j] - fit.min) * inverse + 0.5f, 31));
    for (int j = 0; j < 16; ++j) block->qs[j] = uint8_t((q[j] & 15) | (q[j + 16] & 15) << 4);
    for (int j = 0; j < 4; ++j) block->qh[j] = fifth_bits(q + 8 * j);
  }
}

}  // namespace hadal::quant
