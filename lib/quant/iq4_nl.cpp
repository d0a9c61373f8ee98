// IQ4_NL: 32 values share a scale; y = d * kIq4Values[q]. Byte j holds value j (low nibble) and value j + 16.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_iq4_nl(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockIQ4_NL*>(blocks);
  for (const float* end = out + elements; out != end; out += 32, ++block) {
    const float d = block->d.value();
    for (int j = 0; j < 16; ++j) {
      out[j] = d * float(kIq4Values[block->qs[j] & 15]);
      out[j + 16] = d * float(kIq4Values[block->qs[j] >> 4]);
    }
  }
}

}  // namespace hadal::quant
