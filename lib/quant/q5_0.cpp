// Q5_0: 32 values share a scale; y = d * (q - 16). Low nibbles as in Q4_0, bit j of qh is the fifth bit of value j.
#include "quant/block_layout.hpp"
#include "quant/fit.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_q5_0(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ5_0*>(blocks);
  for (const float* end = out + elements; out != end; out += 32, ++block) {
    const float d = block->d.value();
    const uint32_t qh = block->qh[0] | block->qh[1] << 8 | block->qh[2] << 16 | uint32_t(block->qh[3]) << 24;
    for (int j = 0; j < 16; ++j) {
      out[j] = d * float(int(block->qs[j] & 15) + int((qh >> j & 1) << 4) - 16);
      out[j + 16] = d * float(int(block->qs[j] >> 4) + int((qh >> (j + 16) & 1) << 4) - 16);
    }
  }
}

// Without importance: ggml's reference. The value of largest magnitude becomes code 0, so d has the opposite sign.
void encode_q5_0(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ5_0*>(blocks);
  for (int64_t start = 0; start < elements; start += 32, ++block) {
    const float* x = in + start;
    const float d = importance ? fit_symmetric<32>(x, importance + start, -16, 15) : extreme<32>(x) / -16;
    const float inverse = d != 0 ? 1 / d : 0;
    block->d = to_f16(d);
    uint8_t q[32];
    for (int j = 0; j < 32; ++j) q[j] = uint8_t(truncated(x[j] * inverse + 16.5f, 31));
    for (int j = 0; j < 16; ++j) block->qs[j] = uint8_t((q[j] & 15) | (q[j + 16] & 15) << 4);
    for (int j = 0; j < 4; ++j) block->qh[j] = fifth_bits(q + 8 * j);
  }
}

}  // namespace hadal::quant
