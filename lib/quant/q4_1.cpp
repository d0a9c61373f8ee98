// Q4_1: 32 values share a scale and a minimum; y = d * q + m. Byte j holds value j (low nibble) and value j + 16.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_q4_1(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ4_1*>(blocks);
  for (const float* end = out + elements; out != end; out += 32, ++block) {
    const float d = block->d.value();
    const float m = block->m.value();
    for (int j = 0; j < 16; ++j) {
      out[j] = d * float(block->qs[j] & 15) + m;
      out[j + 16] = d * float(block->qs[j] >> 4) + m;
    }
  }
}

}  // namespace hadal::quant
