// Q8_0: 32 signed bytes share a scale; y = d * q.
#include "quant/block_layout.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_q8_0(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ8_0*>(blocks);
  for (const float* end = out + elements; out != end; out += 32, ++block) {
    const float d = block->d.value();
    for (int j = 0; j < 32; ++j) out[j] = float(block->qs[j]) * d;
  }
}

}  // namespace hadal::quant
