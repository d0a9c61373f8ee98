// Q5_K: as Q4_K with a fifth bit: bit s of qh[i] belongs to value i of sub-block s.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_q5_k(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ5_K*>(blocks);
  for (const float* end = out + elements; out != end; out += 256, ++block) {
    const float d = block->d.value();
    const float dmin = block->dmin.value();
    for (int sub = 0; sub < 8; ++sub) {
      const uint8_t* qs = block->qs + 32 * (sub / 2);
      const int shift = sub % 2 * 4;
      const float scale = d * float(scale_of(block->scales, sub));
      const float min = dmin * float(min_of(block->scales, sub));
      for (int i = 0; i < 32; ++i) {
        const int q = (qs[i] >> shift & 15) | (block->qh[i] >> sub & 1) << 4;
        out[32 * sub + i] = scale * float(q) - min;
      }
    }
  }
}

}  // namespace hadal::quant
