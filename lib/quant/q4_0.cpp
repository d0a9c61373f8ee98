// Q4_0: 32 values share a scale; y = d * (q - 8). Byte j holds value j (low nibble) and value j + 16.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_q4_0(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ4_0*>(blocks);
  for (const float* end = out + elements; out != end; out += 32, ++block) {
    const float d = block->d.value();
    for (int j = 0; j < 16; ++j) {
      out[j] = d * float((block->qs[j] & 15) - 8);
      out[j + 16] = d * float((block->qs[j] >> 4) - 8);
    }
  }
}

}  // namespace hadal::quant
