// Q5_K: as Q4_K with a fifth bit: bit s of qh[i] belongs to value i of sub-block s.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"
#include "quant/super_block.hpp"

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

void encode_q5_k(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ5_K*>(blocks);
  for (int64_t start = 0; start < elements; start += 256, ++block) {
    const auto fit = encode_affine<32>(in + start, importance ? importance + start : nullptr, 31, 63, 1.0f);
    *block = {};
    block->d = fit.d;
    block->dmin = fit.dmin;
    for (int sub = 0; sub < 8; ++sub) {
      set_scale_and_min(block->scales, sub, fit.scales[sub], fit.mins[sub]);
      const uint8_t* q = fit.q + 32 * sub;
      uint8_t* qs = block->qs + 32 * (sub / 2);
      for (int i = 0; i < 32; ++i) {
        qs[i] = uint8_t(qs[i] | (q[i] & 15) << (sub % 2 * 4));
        block->qh[i] = uint8_t(block->qh[i] | (q[i] >> 4) << sub);
      }
    }
  }
}

}  // namespace hadal::quant
