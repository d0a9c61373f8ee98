// Q4_0: 32 values share a scale; y = d * (q - 8). Byte j holds value j (low nibble) and value j + 16.
#include "quant/block_layout.hpp"
#include "quant/fit.hpp"
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

// Without importance: ggml's reference. The value of largest magnitude becomes code 0, so d has the opposite sign.
void encode_q4_0(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ4_0*>(blocks);
  for (int64_t start = 0; start < elements; start += 32, ++block) {
    const float* x = in + start;
    const float d = importance ? fit_symmetric<32>(x, importance + start, -8, 7) : extreme<32>(x) / -8;
    const float inverse = d != 0 ? 1 / d : 0;
    block->d = to_f16(d);
    for (int j = 0; j < 16; ++j) {
      block->qs[j] = uint8_t(truncated(x[j] * inverse + 8.5f, 15) | truncated(x[j + 16] * inverse + 8.5f, 15) << 4);
    }
  }
}

}  // namespace hadal::quant
