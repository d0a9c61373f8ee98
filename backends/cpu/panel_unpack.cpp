// One row out of its panel, for embeddings: the same arithmetic as lib/quant's decoders, to the bit.
#include <cstring>

#include "backends/cpu/panel.hpp"
#include "core/half.hpp"
#include "quant/block_format.hpp"

namespace hadal::cpu {
namespace {

float half_at(const uint8_t* p, int row) {
  uint16_t bits;
  std::memcpy(&bits, p + 2 * row, sizeof bits);
  return f16_to_f32(bits);
}

// Code k of a row's block, without its zero point.
int code(const PanelFormat& format, const uint8_t* block, int row, int k) {
  const int g = k / 4, at = 4 * row + k % 4;
  const auto nibble = [&] { return block[kChunk * (g % 4) + at] >> 4 * (g / 4) & 15; };
  const auto pair = [&](int plane) { return block[plane + kChunk * (g / 4) + at] >> 2 * (g % 4) & 3; };
  const auto bit = [&](int plane) { return block[plane + at] >> g & 1; };
  switch (format.planes) {
    case Planes::bits2: return pair(0);
    case Planes::bits3: return pair(0) | bit(128) << 2;
    case Planes::bits4: return nibble();
    case Planes::codebook: return kCodebook[nibble()];
    case Planes::bits5: return nibble() | bit(256) << 4;
    case Planes::bits6: return nibble() | pair(256) << 4;
    case Planes::bytes: return int8_t(block[kChunk * g + at]);
  }
  return 0;
}

struct Affine {
  float scale;
  float offset;
};

Affine affine(const PanelFormat& format, const uint8_t* scales, const uint8_t* header, int row, int half) {
  switch (format.scales) {
    case Scales::half: return {half_at(scales, row), 0};
    case Scales::half_offset: return {half_at(scales, row), half_at(scales + 32, row)};
    case Scales::super32: return {half_at(header, row) * float(int8_t(scales[row])), 0};
    case Scales::super32_offset:
      return {half_at(header, row) * float(scales[row]), -(half_at(header + 32, row) * float(scales[16 + row]))};
    case Scales::super16: return {half_at(header, row) * float(int8_t(scales[16 * half + row])), 0};
    case Scales::super16_offset: {
      const uint8_t both = scales[16 * half + row];
      return {half_at(header, row) * float(both & 15), -(half_at(header + 32, row) * float(both >> 4))};
    }
  }
  return {};
}

void unpack_blocks(const PanelFormat& format, const uint8_t* panel, int64_t cols, int row, float* out) {
  const uint8_t* at = panel;
  const uint8_t* header = nullptr;
  for (int64_t b = 0; b < cols / kBlock; ++b) {
    if (format.super() && b % 8 == 0) {
      header = at;
      at += format.header_bytes();
    }
    for (int h = 0; h < 2; ++h) {
      const Affine y = affine(format, at + format.plane_bytes(), header, row, h);
      for (int k = 16 * h; k < 16 * h + 16; ++k) {
        const float scaled = y.scale * float(code(format, at, row, k) - format.zero_point);
        out[b * kBlock + k] = format.offset() ? scaled + y.offset : scaled;
      }
    }
    at += format.block_bytes();
  }
}

template <class Value, class Widen>
void unpack_values(const uint8_t* panel, int64_t cols, int row, float* out, Widen widen) {
  for (int64_t k = 0; k < cols; ++k) {
    Value value;
    std::memcpy(&value, panel + (k * kPanelRows + row) * int64_t(sizeof value), sizeof value);
    out[k] = widen(value);
  }
}

void unpack_f8(const uint8_t* panel, int64_t cols, int row, float* out) {
  for (int64_t begin = 0; begin < cols; begin += kF8Block) {
    const int64_t n = cols - begin < kF8Block ? cols - begin : kF8Block;
    float scale;
    std::memcpy(&scale, panel + row * int64_t(sizeof scale), sizeof scale);
    panel += kF8ScaleBytes;
    std::byte codes[kF8Block];
    for (int64_t k = 0; k < n; ++k) codes[k] = std::byte(panel[k * kPanelRows + row]);
    decode(Dtype::f8_e4m3, codes, out + begin, n);
    for (int64_t k = 0; k < n; ++k) out[begin + k] *= scale;
    panel += n * kPanelRows;
  }
}

}  // namespace

void unpack_row(Dtype dtype, const uint8_t* panels, int64_t cols, int64_t row, float* out) {
  const uint8_t* panel = panels + row / kPanelRows * panel_bytes(dtype, cols);
  const int lane = int(row % kPanelRows);
  if (const PanelFormat* format = panel_format(dtype)) return unpack_blocks(*format, panel, cols, lane, out);
  if (dtype == Dtype::f32) return unpack_values<float>(panel, cols, lane, out, [](float v) { return v; });
  if (dtype == Dtype::f16) return unpack_values<uint16_t>(panel, cols, lane, out, f16_to_f32);
  if (dtype == Dtype::bf16) return unpack_values<uint16_t>(panel, cols, lane, out, bf16_to_f32);
  if (dtype == Dtype::f8_e4m3) return unpack_f8(panel, cols, lane, out);
}

}  // namespace hadal::cpu
