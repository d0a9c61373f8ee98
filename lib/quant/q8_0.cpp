// Q8_0: 32 signed bytes share a scale; y = d * q.
#include "quant/block_layout.hpp"
#include "quant/fit.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {

void decode_q8_0(const std::byte* blocks, float* out, int64_t elements) {
  const auto* block = reinterpret_cast<const BlockQ8_0*>(blocks);
  for (const float* end = out + elements; out != end; out += 32, ++block) {
    const float d = block->d.value();
    for (int j = 0; j < 32; ++j) out[j] = float(block->qs[j]) * d;
  }
}

// ggml's reference; at 8 bits the choice of scale gains too little for importance to matter.
void encode_q8_0(const float* in, std::byte* blocks, int64_t elements, const float*) {
  auto* block = reinterpret_cast<BlockQ8_0*>(blocks);
  for (int64_t start = 0; start < elements; start += 32, ++block) {
    const float* x = in + start;
    const float v = extreme<32>(x);
    const float d = (v < 0 ? -v : v) / 127;
    const float inverse = d != 0 ? 1 / d : 0;
    block->d = to_f16(d);
    for (int j = 0; j < 32; ++j) {
      // Half away from zero; the sum is exact in double.
      const double scaled = double(x[j] * inverse);
      const double away = scaled < 0 ? scaled - 0.5 : scaled + 0.5;
      block->qs[j] = int8_t(away > -128 ? (away < 128 ? int(away) : 127) : -128);
    }
  }
}

}  // namespace hadal::quant
