// IQ4_XS: 8 sub-blocks of 32 values laid out as in IQ4_NL; y = (d * (scale - 32)) * kIq4Values[q], scale of 6 bits:
// low nibbles in scales_l (even sub-blocks low), upper two bits in scales_h.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_iq4_xs(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockIQ4_XS*>(blocks);
  for (const float* end = out + elements; out != end; out += 256, ++block) {
    const float d = block->d.value();
    const int scales_h = block->scales_h[0] | block->scales_h[1] << 8;
    for (int sub = 0; sub < 8; ++sub) {
      const int scale = (block->scales_l[sub / 2] >> (sub % 2 * 4) & 15) | (scales_h >> (2 * sub) & 3) << 4;
      const float step = d * float(scale - 32);
      const uint8_t* qs = block->qs + 16 * sub;
      float* y = out + 32 * sub;
      for (int j = 0; j < 16; ++j) {
        y[j] = step * float(kIq4Values[qs[j] & 15]);
        y[j + 16] = step * float(kIq4Values[qs[j] >> 4]);
      }
    }
  }
}

}  // namespace hadal::quant
