// Rows of a file's blocks become panels. Four codes (k = 4 g .. 4 g + 3 of one row) travel as one 32-bit word.
#include <cstring>
#include <limits>

#include "backends/cpu/panel.hpp"
#include "core/half.hpp"

namespace hadal::cpu {
namespace {

using Codes = uint32_t[8];   // of one row and block: word g holds k = 4 g .. 4 g + 3

uint32_t word(const std::byte* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
uint16_t half(const std::byte* p) {
  uint16_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
void put(uint8_t* p, uint32_t value) { std::memcpy(p, &value, sizeof value); }
void put_half(uint8_t* p, uint16_t value) { std::memcpy(p, &value, sizeof value); }
uint32_t byte(const std::byte* p) { return uint32_t(*p); }

// Bit i of the lowest four to byte i.
uint32_t bits_to_bytes(uint32_t bits) { return (bits & 15) * 0x00204081u & 0x01010101u; }

void nibbles(const std::byte* qs, Codes& q) {
  for (int c = 0; c < 4; ++c) {
    const uint32_t both = word(qs + 4 * c);
    q[c] = both & 0x0F0F0F0F;
    q[c + 4] = both >> 4 & 0x0F0F0F0F;
  }
}

void put_nibbles(uint8_t* out, const Codes& q) {
  for (int c = 0; c < 4; ++c) put(out + kChunk * c, (q[c] & 0x0F0F0F0F) | (q[c + 4] & 0x0F0F0F0F) << 4);
}
void put_bit(uint8_t* out, const Codes& q, int bit) {
  uint32_t plane = 0;
  for (int g = 0; g < 8; ++g) plane |= (q[g] >> bit & 0x01010101) << g;
  put(out, plane);
}
void put_pairs(uint8_t* out, const Codes& q, int bit) {
  for (int j = 0; j < 2; ++j) {
    uint32_t plane = 0;
    for (int g = 0; g < 4; ++g) plane |= (q[4 * j + g] >> bit & 0x03030303) << 2 * g;
    put(out + kChunk * j, plane);
  }
}

template <Planes planes>
void put_codes(uint8_t* out, const Codes& q) {
  if constexpr (planes == Planes::bits2 || planes == Planes::bits3) put_pairs(out, q, 0);
  if constexpr (planes == Planes::bits3) put_bit(out + 128, q, 2);
  if constexpr (planes == Planes::bits4 || planes == Planes::codebook || planes == Planes::bits5 ||
                planes == Planes::bits6)
    put_nibbles(out, q);
  if constexpr (planes == Planes::bits5) put_bit(out + 256, q, 4);
  if constexpr (planes == Planes::bits6) put_pairs(out + 256, q, 4);
  if constexpr (planes == Planes::bytes)
    for (int g = 0; g < 8; ++g) put(out + kChunk * g, q[g]);
}

// The codes of block `sub` (0 in formats of 32) of the file's block at `p`.
template <Dtype dtype>
void take_codes(const std::byte* p, int sub, Codes& q) {
  if constexpr (dtype == Dtype::q4_0 || dtype == Dtype::iq4_nl) nibbles(p + 2, q);
  if constexpr (dtype == Dtype::q4_1) nibbles(p + 4, q);
  if constexpr (dtype == Dtype::q5_0 || dtype == Dtype::q5_1) {
    const std::byte* high = p + (dtype == Dtype::q5_0 ? 2 : 4);
    nibbles(high + 4, q);
    const uint32_t bits = word(high);
    for (int g = 0; g < 8; ++g) q[g] |= bits_to_bytes(bits >> 4 * g) << 4;
  }
  if constexpr (dtype == Dtype::q8_0)
    for (int g = 0; g < 8; ++g) q[g] = word(p + 2 + 4 * g);
  if constexpr (dtype == Dtype::iq4_xs) nibbles(p + 8 + 16 * sub, q);
  if constexpr (dtype == Dtype::q4_k || dtype == Dtype::q5_k) {
    const std::byte* qs = p + (dtype == Dtype::q4_k ? 16 : 48) + 32 * (sub / 2);
    for (int g = 0; g < 8; ++g) q[g] = word(qs + 4 * g) >> 4 * (sub % 2) & 0x0F0F0F0F;
    if constexpr (dtype == Dtype::q5_k)
      for (int g = 0; g < 8; ++g) q[g] |= (word(p + 16 + 4 * g) >> sub & 0x01010101) << 4;
  }
  if constexpr (dtype == Dtype::q6_k) {
    const int quarter = sub % 4;
    const std::byte* low = p + 64 * (sub / 4) + 32 * (quarter % 2);
    const std::byte* high = p + 128 + 32 * (sub / 4);
    for (int g = 0; g < 8; ++g)
      q[g] = (word(low + 4 * g) >> 4 * (quarter / 2) & 0x0F0F0F0F) |
             (word(high + 4 * g) >> 2 * quarter & 0x03030303) << 4;
  }
  if constexpr (dtype == Dtype::q2_k || dtype == Dtype::q3_k) {
    const std::byte* qs = p + (dtype == Dtype::q2_k ? 16 : 32) + 32 * (sub / 4);
    for (int g = 0; g < 8; ++g) q[g] = word(qs + 4 * g) >> 2 * (sub % 4) & 0x03030303;
    if constexpr (dtype == Dtype::q3_k)
      for (int g = 0; g < 8; ++g) q[g] |= (word(p + 4 * g) >> sub & 0x01010101) << 2;
  }
}

// Scale and minimum of Q4_K and Q5_K: 6 bits each, packed in 12 bytes.
uint8_t k_scale(const std::byte* s, int sub) {
  return uint8_t(sub < 4 ? byte(s + sub) & 63 : (byte(s + sub + 4) & 15) | byte(s + sub - 4) >> 6 << 4);
}
uint8_t k_min(const std::byte* s, int sub) {
  return uint8_t(sub < 4 ? byte(s + sub + 4) & 63 : byte(s + sub + 4) >> 4 | byte(s + sub) >> 6 << 4);
}

template <Dtype dtype>
void put_header(uint8_t* out, const std::byte* p, int row) {
  constexpr int d = dtype == Dtype::q6_k ? 208 : dtype == Dtype::q3_k ? 108 : dtype == Dtype::q2_k ? 80 : 0;
  put_half(out + 2 * row, half(p + d));
  if constexpr (panel_format(dtype)->offset()) put_half(out + 32 + 2 * row, half(p + d + 2));
}

template <Dtype dtype>
void put_scales(uint8_t* out, const std::byte* p, int sub, int row) {
  constexpr PanelFormat format = *panel_format(dtype);
  if constexpr (!format.super()) put_half(out + 2 * row, half(p));
  if constexpr (format.scales == Scales::half_offset) put_half(out + 32 + 2 * row, half(p + 2));
  if constexpr (dtype == Dtype::q4_k || dtype == Dtype::q5_k) {
    out[row] = k_scale(p + 4, sub);
    out[16 + row] = k_min(p + 4, sub);
  }
  if constexpr (dtype == Dtype::iq4_xs)
    out[row] = uint8_t(((byte(p + 4 + sub / 2) >> 4 * (sub % 2) & 15) | (half(p + 2) >> 2 * sub & 3) << 4) - 32);
  if constexpr (format.halves()) {
    for (int h = 0; h < 2; ++h) {
      const int s = 2 * sub + h;
      if constexpr (dtype == Dtype::q6_k) out[16 * h + row] = uint8_t(byte(p + 192 + s));
      if constexpr (dtype == Dtype::q2_k) out[16 * h + row] = uint8_t(byte(p + s));
      if constexpr (dtype == Dtype::q3_k) {
        const uint32_t low = s < 8 ? byte(p + 96 + s) & 15 : byte(p + 96 + s - 8) >> 4;
        const uint32_t high = byte(p + 104 + s % 4) >> 2 * (s / 4) & 3;
        out[16 * h + row] = uint8_t((low | high << 4) - 32);
      }
    }
  }
}

template <Dtype dtype>
void pack_blocks(const std::byte* source, int64_t rows, int64_t cols, int64_t panel, uint8_t* out) {
  constexpr PanelFormat format = *panel_format(dtype);
  constexpr int kSubs = format.super() ? kSuperBlock / kBlock : 1;
  const int64_t file_block = info(dtype).block_bytes;
  const int64_t file_blocks = cols / (kBlock * kSubs);
  const int64_t row_bytes = file_blocks * file_block;
  const int64_t first = panel * kPanelRows;
  const int present = int(rows - first < kPanelRows ? rows - first : kPanelRows);
  if (present < kPanelRows) std::memset(out, 0, size_t(format.panel_bytes(cols / kBlock)));
  for (int64_t b = 0; b < file_blocks; ++b) {
    uint8_t* block = out + b * (format.header_bytes() + kSubs * format.block_bytes());
    for (int row = 0; row < present; ++row) {
      const std::byte* p = source + (first + row) * row_bytes + b * file_block;
      if constexpr (format.super()) put_header<dtype>(block, p, row);
      for (int sub = 0; sub < kSubs; ++sub) {
        uint8_t* to = block + format.header_bytes() + sub * format.block_bytes();
        Codes q;
        take_codes<dtype>(p, sub, q);
        put_codes<format.planes>(to + 4 * row, q);
        put_scales<dtype>(to + format.plane_bytes(), p, sub, row);
      }
    }
  }
}

template <class Value>
void pack_values(const std::byte* source, int64_t rows, int64_t cols, int64_t panel, uint8_t* out) {
  const int64_t first = panel * kPanelRows;
  const int present = int(rows - first < kPanelRows ? rows - first : kPanelRows);
  if (present < kPanelRows) std::memset(out, 0, size_t(cols) * kPanelRows * sizeof(Value));
  // In tiles of 16 x 16, so that lines are written whole.
  for (int64_t k0 = 0; k0 < cols; k0 += 16) {
    const int64_t n = cols - k0 < 16 ? cols - k0 : 16;
    for (int row = 0; row < present; ++row) {
      const std::byte* p = source + ((first + row) * cols + k0) * int64_t(sizeof(Value));
      for (int64_t k = 0; k < n; ++k)
        std::memcpy(out + ((k0 + k) * kPanelRows + row) * int64_t(sizeof(Value)), p + k * int64_t(sizeof(Value)), sizeof(Value));
    }
  }
}

// Byte j of word i and byte i of word j change places.
void transpose(uint64_t (&w)[8]) {
  const auto swap = [&](int distance, uint64_t mask) {
    for (int i = 0; i < 8; ++i) {
      if (i & distance) continue;
      const uint64_t t = (w[i] >> 8 * distance ^ w[i + distance]) & mask;
      w[i] ^= t << 8 * distance;
      w[i + distance] ^= t;
    }
  };
  swap(4, 0x00000000FFFFFFFFu);
  swap(2, 0x0000FFFF0000FFFFu);
  swap(1, 0x00FF00FF00FF00FFu);
}

// Columns [begin, begin + n) of rows [first, first + present), the 16 rows' bytes of each column side by side.
void interleave_bytes(const MatrixRows& source, int64_t first, int present, int64_t begin, int64_t n, uint8_t* out) {
  for (int half = 0; half < kPanelRows; half += 8) {
    for (int64_t k = 0; k < n; k += 8) {
      const size_t count = size_t(n - k < 8 ? n - k : 8);
      uint64_t words[8] = {};
      for (int row = 0; row < 8 && half + row < present; ++row)
        std::memcpy(&words[row], source.row(first + half + row) + begin + k, count);
      transpose(words);
      for (size_t i = 0; i < count; ++i) std::memcpy(out + (k + int64_t(i)) * kPanelRows + half, &words[i], 8);
    }
  }
}

// A NaN among a row's codes becomes the scale of its block, so that it reaches whoever multiplies; false if there is one.
bool pack_f8(const MatrixRows& source, int64_t rows, int64_t panel, uint8_t* out) {
  const int64_t first = panel * kPanelRows, cols = source.cols;
  const int present = int(rows - first < kPanelRows ? rows - first : kPanelRows);
  bool numbers = true;
  for (int64_t begin = 0; begin < cols; begin += kF8Block) {
    const int64_t n = cols - begin < kF8Block ? cols - begin : kF8Block;
    uint8_t* const codes = out + kF8ScaleBytes;
    if (present < kPanelRows) std::memset(out, 0, kF8ScaleBytes);
    for (int row = 0; row < present; ++row) {
      const float* const scales = source.scales(first + row);
      float scale = scales ? scales[begin / kF8Block] : 1.0f;
      const std::byte* const from = source.row(first + row) + begin;
      if (has_nan_e4m3(from, n)) numbers = false, scale = std::numeric_limits<float>::quiet_NaN();
      std::memcpy(out + row * int64_t(sizeof scale), &scale, sizeof scale);
    }
    interleave_bytes(source, first, present, begin, n, codes);
    out = codes + n * kPanelRows;
  }
  return numbers;
}

}  // namespace

int64_t panels_bytes(Dtype dtype, int64_t rows, int64_t cols) { return panels_of(rows) * panel_bytes(dtype, cols); }

bool pack_panel(const MatrixRows& source, int64_t rows, int64_t panel, uint8_t* out) {
  if (source.dtype == Dtype::f8_e4m3) return pack_f8(source, rows, panel, out);
  const auto pack = [&](auto how) { how(source.data, rows, source.cols, panel, out); };
  switch (source.dtype) {
    case Dtype::f32: pack(pack_values<uint32_t>); break;
    case Dtype::f16: case Dtype::bf16: pack(pack_values<uint16_t>); break;
    case Dtype::q4_0: pack(pack_blocks<Dtype::q4_0>); break;
    case Dtype::q4_1: pack(pack_blocks<Dtype::q4_1>); break;
    case Dtype::q5_0: pack(pack_blocks<Dtype::q5_0>); break;
    case Dtype::q5_1: pack(pack_blocks<Dtype::q5_1>); break;
    case Dtype::q8_0: pack(pack_blocks<Dtype::q8_0>); break;
    case Dtype::q2_k: pack(pack_blocks<Dtype::q2_k>); break;
    case Dtype::q3_k: pack(pack_blocks<Dtype::q3_k>); break;
    case Dtype::q4_k: pack(pack_blocks<Dtype::q4_k>); break;
    case Dtype::q5_k: pack(pack_blocks<Dtype::q5_k>); break;
    case Dtype::q6_k: pack(pack_blocks<Dtype::q6_k>); break;
    case Dtype::iq4_nl: pack(pack_blocks<Dtype::iq4_nl>); break;
    case Dtype::iq4_xs: pack(pack_blocks<Dtype::iq4_xs>); break;
    default: break;
  }
  return true;
}

}  // namespace hadal::cpu
