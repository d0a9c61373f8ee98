// Q4_1: 32 values share a scale and a minimum; y = d * q + m. Byte j holds value j (low nibble) and value j + 16.
#include "quant/block_layout.hpp"
#include "quant/fit.hpp"
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

// Without importance: ggml's reference, the range of the block in 15 steps.
void encode_q4_1(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  auto* block = reinterpret_cast<BlockQ4_1*>(blocks);
  for (int64_t start = 0; start < elements; start += 32, ++block) {
    const float* x = in + start;
    const Affine fit = importance ? fit_affine<32>(x, importance + start, 15) : range_in_steps<32>(x, 15);
    const float inverse = fit.scale != 0 ? 1 / fit.scale : 0;
    block->d = to_f16(fit.scale);
    block->m = to_f16(fit.min);
    for (int j = 0; j < 16; ++j) {
      block->qs[j] = uint8_t(truncated((x[j] - fit.min) * inverse + 0.5f, 15) |
                             truncated((x[j + 16] - fit.min) * inverse + 0.5f, 15) << 4);
    }
  }
}

}  // namespace hadal::quant
