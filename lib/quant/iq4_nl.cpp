// IQ4_NL: 32 values share a scale; y = d * kIq4Values[q]. Byte j holds value j (low nibble) and value j + 16.
#include <array>

#include "quant/block_layout.hpp"
#include "quant/fit.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {
namespace {

// Borders between neighbouring values of the table.
constexpr auto kBorders = [] {
  std::array<float, 15> borders{};
  for (int i = 0; i < 15; ++i) borders[size_t(i)] = 0.5f * float(kIq4Values[i] + kIq4Values[i + 1]);
  return borders;
}();

int nearest_code(float v) {
  int code = 0;
  for (const float border : kBorders) code += v >= border;
  return code;
}

// Values of the nearest codes, as the sum of the table's steps passed: a loop over the block vectorises, a search does
// not (5x the time).
void nearest_values(const float* x, float inverse, float* values) {
  for (int i = 0; i < 32; ++i) values[i] = float(kIq4Values[0]);
  for (int k = 0; k < 15; ++k) {
    const float border = kBorders[size_t(k)];
    const float step = float(kIq4Values[k + 1] - kIq4Values[k]);
    for (int i = 0; i < 32; ++i) values[i] += x[i] * inverse >= border ? step : 0.0f;
  }
}

// Scale s minimising sum w (x - s kIq4Values[q])^2: as fit_symmetric, with the table in place of whole numbers.
float fit_table(const float* x, const float* w) {
  const float v = extreme<32>(x);
  if (!(v != 0)) return 0;
  float best_scale = 0;
  double best_gain = 0;
  const auto attempt = [&](float inverse) {
    float values[32];
    nearest_values(x, inverse, values);
    const Moments m = moments<32>(x, w, values);
    if (!(m.qq > 0) || m.xq * m.xq <= best_gain * m.qq) return false;
    best_gain = m.xq * m.xq / m.qq;
    best_scale = float(m.xq / m.qq);
    return true;
  };
  for (int step = -8; step <= 8; ++step) {
    attempt((float(kIq4Values[0]) + 3.0f * float(step)) / v);
    attempt((float(kIq4Values[15]) + 3.0f * float(step)) / v);
  }
  for (int repeat = 0; repeat < 4 && best_scale != 0 && attempt(1 / best_scale); ++repeat) {}
  return best_scale;
}

}  // namespace

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

void encode_iq4_nl(const float* in, std::byte* blocks, int64_t elements, const float* importance) {
  constexpr auto kEqual = [] {
    std::array<float, 32> ones{};
    ones.fill(1);
    return ones;
  }();
  auto* block = reinterpret_cast<BlockIQ4_NL*>(blocks);
  for (int64_t start = 0; start < elements; start += 32, ++block) {
    const float* x = in + start;
    block->d = to_f16(clamped(fit_table(x, importance ? importance + start : kEqual.data()), -65504, 65504));
    const float d = block->d.value();
    const float inverse = d != 0 ? 1 / d : 0;
    for (int j = 0; j < 16; ++j) {
      block->qs[j] = uint8_t(nearest_code(x[j] * inverse) | nearest_code(x[j + 16] * inverse) << 4);
    }
  }
}

}  // namespace hadal::quant
