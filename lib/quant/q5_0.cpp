// Q5_0: 32 values share a scale; y = d * (q - 16). Low nibbles as in Q4_0, bit j of qh is the fifth bit of value j.
#include "quant/block_layout.hpp"
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

}  // namespace hadal::quant
