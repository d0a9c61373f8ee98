// Panels times tokens, written once over the vocabulary. Included after one of the isa headers.
//
// For a row and a token, with b over blocks of 32 (and h over their halves where a format has a scale per 16):
//   sum += float(Σ q x) * (scale * step)          the integer sum is exact, its zero point taken off
//   sum += offset * (Σ x in f32)                  where the format has one
//   sum += float(Σ q r) * (scale * step / 254)    where the block's residual counts; after all halves
// Each is one fused multiply-add. This order is the same for every number of tokens and every tile.
#pragma once

#include "backends/cpu/kernels.hpp"

namespace hadal::cpu {
namespace {

template <int n>
struct Constant {
  static constexpr int value = n;
};

template <int n, int... i, class Body>
constexpr inline __attribute__((always_inline)) void unroll(Body&& body) {
  if constexpr (sizeof...(i) == n) (body(Constant<i>{}), ...);
  else unroll<n, i..., int(sizeof...(i))>(static_cast<Body&&>(body));
}

#define HADAL_LAMBDA __attribute__((always_inline))

// Where a kernel's codes and scales come from: the packed panel itself.
template <class S, Dtype dtype>
struct PackedSource {
  static constexpr PanelFormat kFormat = *panel_format(dtype);
  static constexpr bool kHalves = kFormat.halves();
  static constexpr bool kOffset = kFormat.offset();
  static constexpr bool kWide = kFormat.wide();
  // With an offset any zero point may be moved into it; 16 keeps 5-bit sums within i16.
  static constexpr int kCentre = kWide ? (S::kWideInt16 ? 0 : 128)
                                 : kOffset && kFormat.planes == Planes::bits5 ? 16 : kFormat.zero_point;
  static constexpr int kHeaderBytes = kFormat.header_bytes();
  static constexpr int kBlockBytes = kFormat.block_bytes();
  static constexpr bool kStreams = true;

  using F = typename S::F;
  using B = typename S::B;

  // Chunk g of part `part` of the 16 rows.
  template <int g>
  HADAL_INLINE B codes(const uint8_t* block, int part) {
    constexpr int kVector = kChunk / S::kParts;
    const uint8_t* p = block + part * kVector;
    if constexpr (kFormat.planes == Planes::bytes) return signed_byte(S::bytes(p + kChunk * g));
    else if constexpr (kFormat.planes == Planes::bits2) return pair<g, 0>(p);
    else if constexpr (kFormat.planes == Planes::bits3) return S::byte_or(pair<g, 0>(p), bit<g, 2>(p + 128));
    else {
      const B nibble = S::template shift_and<4 * (g / 4)>(S::bytes(p + kChunk * (g % 4)), 15);
      if constexpr (kFormat.planes == Planes::codebook)
        return signed_byte(S::lookup(reinterpret_cast<const uint8_t*>(kCodebook), nibble));
      else if constexpr (kFormat.planes == Planes::bits5) return S::byte_or(nibble, bit<g, 4>(p + 256));
      else if constexpr (kFormat.planes == Planes::bits6) return S::byte_or(nibble, pair<g, 4>(p + 256));
      else return nibble;
    }
  }

  HADAL_INLINE F scale(const uint8_t* block, const uint8_t* header, int part, int half) {
    const uint8_t* s = block + kFormat.plane_bytes();
    const int row = part * S::kLanes;
    switch (kFormat.scales) {
      case Scales::half: case Scales::half_offset: return half_floats(s, row);
      case Scales::super32: return S::mul(half_floats(header, row), S::to_float(S::load_int8(s + row)));
      case Scales::super32_offset: return S::mul(half_floats(header, row), S::to_float(S::load_uint8(s + row)));
      case Scales::super16: return S::mul(half_floats(header, row), S::to_float(S::load_int8(s + 16 * half + row)));
      case Scales::super16_offset:
        return S::mul(half_floats(header, row), S::to_float(S::int_and(S::load_uint8(s + 16 * half + row), 15)));
    }
    return S::zero();
  }

  // The offset of centred codes.
  HADAL_INLINE F offset(const uint8_t* block, const uint8_t* header, int part, int half, F scale) {
    const uint8_t* s = block + kFormat.plane_bytes();
    const int row = part * S::kLanes;
    F value = S::zero();
    if constexpr (kFormat.scales == Scales::half_offset) value = half_floats(s + 32, row);
    if constexpr (kFormat.scales == Scales::super32_offset)
      value = S::sub(S::zero(), S::mul(half_floats(header + 32, row), S::to_float(S::load_uint8(s + 16 + row))));
    if constexpr (kFormat.scales == Scales::super16_offset)
      value = S::sub(S::zero(), S::mul(half_floats(header + 32, row),
                                       S::to_float(S::template int_shift_right<4>(S::load_uint8(s + 16 * half + row)))));
    return kCentre == 0 ? value : S::fma(scale, S::set1(float(kCentre)), value);
  }

 private:
  HADAL_INLINE F half_floats(const uint8_t* p, int row) {
    return S::load_f16(reinterpret_cast<const uint16_t*>(p) + row);
  }
  HADAL_INLINE B signed_byte(B v) { return S::kWideInt16 ? v : S::byte_xor(v, S::byte_set1(128)); }
  template <int g, int to>
  HADAL_INLINE B pair(const uint8_t* p) {
    return S::template shift_and<2 * (g % 4) - to>(S::bytes(p + kChunk * (g / 4)), uint8_t(3 << to));
  }
  template <int g, int to>
  HADAL_INLINE B bit(const uint8_t* p) {
    return S::template shift_and<g - to>(S::bytes(p), uint8_t(1 << to));
  }
};

// An unpacked tile: whole bytes, f32 scales and offsets.
template <class S, bool halves, bool has_offset, bool wide, int centre>
struct TileSource {
  static constexpr bool kHalves = halves;
  static constexpr bool kOffset = has_offset;
  static constexpr bool kWide = wide;
  static constexpr int kCentre = centre;
  static constexpr int kHeaderBytes = 0;
  static constexpr int kScaleBytes = (halves ? 2 : 1) * kPanelRows * int(sizeof(float));
  static constexpr int kBlockBytes = 8 * kChunk + kScaleBytes * (has_offset ? 2 : 1);
  static constexpr bool kStreams = false;

  using F = typename S::F;
  using B = typename S::B;

  template <int g>
  HADAL_INLINE B codes(const uint8_t* block, int part) {
    return S::bytes(block + kChunk * g + part * (kChunk / S::kParts));
  }
  HADAL_INLINE F scale(const uint8_t* block, const uint8_t*, int part, int half) {
    return S::load(reinterpret_cast<const float*>(block + 8 * kChunk) + 16 * half + part * S::kLanes);
  }
  HADAL_INLINE F offset(const uint8_t* block, const uint8_t*, int part, int half, F) {
    return S::load(reinterpret_cast<const float*>(block + 8 * kChunk + kScaleBytes) + 16 * half + part * S::kLanes);
  }
};

template <class S, class Packed>
using TileOf = TileSource<S, Packed::kHalves, Packed::kOffset, Packed::kWide, Packed::kCentre>;

template <class S, class Packed>
void unpack_tile(const uint8_t* panel, int64_t blocks, uint8_t* tile) {
  using Tile = TileOf<S, Packed>;
  const uint8_t* header = panel;
  for (int64_t b = 0; b < blocks; ++b) {
    if (Packed::kHeaderBytes != 0 && b % 8 == 0) {
      header = panel;
      panel += Packed::kHeaderBytes;
    }
    unroll<S::kParts>([&](auto part) HADAL_LAMBDA {
      unroll<8>([&](auto g) HADAL_LAMBDA {
        S::store_bytes(tile + kChunk * g.value + part.value * (kChunk / S::kParts),
                       Packed::template codes<g.value>(panel, part.value));
      });
      for (int half = 0; half < (Packed::kHalves ? 2 : 1); ++half) {
        const typename S::F scale = Packed::scale(panel, header, part.value, half);
        float* to = reinterpret_cast<float*>(tile + 8 * kChunk) + 16 * half + part.value * S::kLanes;
        S::store(to, scale);
        if (Packed::kOffset)
          S::store(to + Tile::kScaleBytes / int(sizeof(float)), Packed::offset(panel, header, part.value, half, scale));
      }
    });
    panel += Packed::kBlockBytes;
    tile += Tile::kBlockBytes;
  }
}

// Float sums of a register tile: in registers where there are enough, else in `out`, so that the integer sums have
// the registers to themselves.
template <class S, int n, bool in_registers>
struct Sums {
  typename S::F value[n];
  explicit Sums(float*) { unroll<n>([&](auto i) HADAL_LAMBDA { value[i.value] = S::zero(); }); }
  template <int i>
  typename S::F get() const { return value[i]; }
  template <int i>
  void set(typename S::F v) { value[i] = v; }
  void finish(float* out) const {
    unroll<n>([&](auto i) HADAL_LAMBDA { S::store(out + i.value * S::kLanes, value[i.value]); });
  }
};

template <class S, int n>
struct Sums<S, n, false> {
  float* out;
  explicit Sums(float* p) : out(p) {
    unroll<n>([&](auto i) HADAL_LAMBDA { S::store(out + i.value * S::kLanes, S::zero()); });
  }
  template <int i>
  typename S::F get() const { return S::load(out + i * S::kLanes); }
  template <int i>
  void set(typename S::F v) { S::store(out + i * S::kLanes, v); }
  void finish(float*) const {}
};

inline constexpr int kPrefetchAhead = 4096;   // bytes; measured best of 1k .. 8k

// R panels x T tokens.
template <class S, class Source, int R, int T>
void panel_dot(const uint8_t* const* panels, const QuantRows& x, float* out) {
  constexpr int P = S::kParts, N = R * T * P;   // vectors of sums, numbered (r * T + t) * P + p: the order of `out`
  constexpr int kHalves = Source::kHalves ? 2 : 1;
  constexpr bool kInt16 = Source::kWide && S::kWideInt16;
  using F = typename S::F;
  using B = typename S::B;

  const int64_t blocks = x.cols / kBlock, words = x.words();
  Sums<S, N, S::kFloatsInRegisters || (N <= 4)> sums(out);
  const uint8_t* at[R];
  const uint8_t* header[R];
  for (int r = 0; r < R; ++r) at[r] = header[r] = panels[r];

  for (int64_t b = 0; b < blocks; ++b) {
    if (Source::kHeaderBytes != 0 && b % 8 == 0) {
      for (int r = 0; r < R; ++r) {
        header[r] = at[r];
        at[r] += Source::kHeaderBytes;
      }
    }
    if constexpr (Source::kStreams)
      for (int i = 0; i < Source::kBlockBytes; i += 64) S::prefetch(at[0] + kPrefetchAhead + i);
    const BlockInfo* info = x.blocks + b;

    if constexpr (kInt16) {
      typename S::I sum[N];
      unroll<N>([&](auto i) HADAL_LAMBDA { sum[i.value] = S::int_set1(0); });
      unroll<8>([&](auto g) HADAL_LAMBDA {
        unroll<R * P>([&](auto rp) HADAL_LAMBDA {
          const B weights = Source::template codes<g.value>(at[rp.value / P], rp.value % P);
          unroll<T>([&](auto t) HADAL_LAMBDA {
            typename S::I& s = sum[(rp.value / P * T + t.value) * P + rp.value % P];
            s = S::wide_step(s, weights, x.wide + t.value * x.cols + b * kBlock + 4 * g.value);
          });
        });
      });
      unroll<R * P>([&](auto rp) HADAL_LAMBDA {
        const F scale = Source::scale(at[rp.value / P], header[rp.value / P], rp.value % P, 0);
        unroll<T>([&](auto t) HADAL_LAMBDA {
          constexpr int i = (rp.value / P * T + t.value) * P + rp.value % P;
          const F step = S::set1(info[t.value * blocks].low_step);
          sums.template set<i>(S::fma(S::to_float(sum[i]), S::mul(scale, step), sums.template get<i>()));
        });
      });
    } else {
      const auto accumulate = [&](auto half, const int8_t* codes, auto pair_of, auto step_of, auto counts, bool offsets)
                                  HADAL_LAMBDA {
        typename S::Dot dot[N];
        unroll<T>([&](auto t) HADAL_LAMBDA {
          const typename S::Dot zero = S::start(pair_of(t), Source::kCentre);
          unroll<R * P>([&](auto rp) HADAL_LAMBDA { dot[(rp.value / P * T + t.value) * P + rp.value % P] = zero; });
        });
        unroll<8 / kHalves>([&](auto i) HADAL_LAMBDA {
          // Low and high nibbles of one chunk follow each other; a half takes four chunks in a row.
          constexpr int g = kHalves == 2 ? 4 * half.value + i.value : i.value % 2 * 4 + i.value / 2;
          B weights[R * P];
          unroll<R * P>([&](auto rp) HADAL_LAMBDA {
            weights[rp.value] = Source::template codes<g>(at[rp.value / P], rp.value % P);
          });
          unroll<T>([&](auto t) HADAL_LAMBDA {
            const auto four = S::spread(codes + t.value * x.cols + 4 * g);
            unroll<R * P>([&](auto rp) HADAL_LAMBDA {
              constexpr int n = (rp.value / P * T + t.value) * P + rp.value % P;
              dot[n] = S::step(dot[n], weights[rp.value], four);
            });
          });
        });
        unroll<R * P>([&](auto rp) HADAL_LAMBDA {
          const uint8_t* block = at[rp.value / P];
          const F scale = Source::scale(block, header[rp.value / P], rp.value % P, half.value);
          F offset = S::zero();
          if (Source::kOffset && offsets)
            offset = Source::offset(block, header[rp.value / P], rp.value % P, half.value, scale);
          unroll<T>([&](auto t) HADAL_LAMBDA {
            constexpr int n = (rp.value / P * T + t.value) * P + rp.value % P;
            if (!counts(t)) return;
            F sum = sums.template get<n>();
            sum = S::fma(S::to_float(S::total(dot[n])), S::mul(scale, S::set1(step_of(t))), sum);
            if (Source::kOffset && offsets) {
              const BlockInfo& i = info[t.value * blocks];
              sum = S::fma(offset, S::set1(kHalves == 2 ? i.half_sum[half.value] : i.sum), sum);
            }
            sums.template set<n>(sum);
          });
        });
      };
      unroll<kHalves>([&](auto half) HADAL_LAMBDA {
        accumulate(half, x.codes + b * kBlock,
                   [&](auto t) HADAL_LAMBDA {
                     const BlockInfo& i = info[t.value * blocks];
                     return kHalves == 2 ? i.half_pair[half.value] : i.pair;
                   },
                   [&](auto t) HADAL_LAMBDA { return info[t.value * blocks].step; },
                   [&](auto) HADAL_LAMBDA { return true; }, true);
      });
      uint64_t any = 0;
      unroll<T>([&](auto t) HADAL_LAMBDA { any |= x.needed[t.value * words + b / 64]; });
      if (any >> (b % 64) & 1) {
        const ResidualInfo* residual = x.residual_blocks + b;
        unroll<kHalves>([&](auto half) HADAL_LAMBDA {
          accumulate(half, x.residuals + b * kBlock,
                     [&](auto t) HADAL_LAMBDA {
                       const ResidualInfo& i = residual[t.value * blocks];
                       return kHalves == 2 ? i.half_pair[half.value] : i.pair;
                     },
                     [&](auto t) HADAL_LAMBDA { return info[t.value * blocks].low_step; },
                     [&](auto t) HADAL_LAMBDA { return bool(x.needed[t.value * words + b / 64] >> (b % 64) & 1); },
                     false);
        });
      }
    }
    for (int r = 0; r < R; ++r) at[r] += Source::kBlockBytes;
  }
  sums.finish(out);
}

enum class FloatKind { f32, f16, bf16 };

// Float weights: the products of one row and token are added in the order of k, one fused multiply-add each.
template <class S, FloatKind kind, int T>
void float_dot(const uint8_t* panel, const float* x, int64_t stride, int64_t cols, float* out) {
  constexpr int P = S::kParts, kSize = kind == FloatKind::f32 ? 4 : 2;
  typename S::F sum[T * P];
  unroll<T * P>([&](auto i) HADAL_LAMBDA { sum[i.value] = S::zero(); });
  for (int64_t k = 0; k < cols; ++k, panel += kPanelRows * kSize) {
    if (k % (64 / kSize / kPanelRows ? 64 / kSize / kPanelRows : 1) == 0) S::prefetch(panel + kPrefetchAhead);
    unroll<P>([&](auto p) HADAL_LAMBDA {
      typename S::F weights;
      const uint8_t* at = panel + p.value * S::kLanes * kSize;
      if constexpr (kind == FloatKind::f32) weights = S::load(reinterpret_cast<const float*>(at));
      if constexpr (kind == FloatKind::f16) weights = S::load_f16(reinterpret_cast<const uint16_t*>(at));
      if constexpr (kind == FloatKind::bf16) weights = S::load_bf16(reinterpret_cast<const uint16_t*>(at));
      unroll<T>([&](auto t) HADAL_LAMBDA {
        typename S::F& s = sum[t.value * P + p.value];
        s = S::fma(weights, S::set1(x[t.value * stride + k]), s);
      });
    });
  }
  unroll<T * P>([&](auto i) HADAL_LAMBDA { S::store(out + i.value * S::kLanes, sum[i.value]); });
}

// FP8 weights: likewise within each block of 128 columns; a block's sum then meets its scale in one more fused
// multiply-add. Codes arrive times 2^-8, which is put right exactly once a block. The totals wait in `out`.
template <class S, int T>
void f8_dot(const uint8_t* panel, const float* x, int64_t stride, int64_t cols, float* out) {
  constexpr int P = S::kParts, N = T * P;
  unroll<N>([&](auto i) HADAL_LAMBDA { S::store(out + i.value * S::kLanes, S::zero()); });
  for (int64_t begin = 0; begin < cols; begin += kF8Block) {
    const float* const scales = reinterpret_cast<const float*>(panel);
    const int64_t end = begin + kF8Block < cols ? begin + kF8Block : cols;
    panel += kF8ScaleBytes;
    typename S::F sum[N];
    unroll<N>([&](auto i) HADAL_LAMBDA { sum[i.value] = S::zero(); });
    for (int64_t k = begin; k < end; ++k, panel += kPanelRows) {
      if (k % 4 == 0) S::prefetch(panel + kPrefetchAhead);
      unroll<P>([&](auto p) HADAL_LAMBDA {
        const typename S::F weights = S::load_e4m3(panel + p.value * S::kLanes);
        unroll<T>([&](auto t) HADAL_LAMBDA {
          typename S::F& s = sum[t.value * P + p.value];
          s = S::fma(weights, S::set1(x[t.value * stride + k]), s);
        });
      });
    }
    unroll<N>([&](auto i) HADAL_LAMBDA {
      float* const total = out + i.value * S::kLanes;
      const typename S::F scale = S::load(scales + i.value % P * S::kLanes);
      S::store(total, S::fma(S::mul(sum[i.value], S::set1(256)), scale, S::load(total)));
    });
  }
}

}  // namespace
}  // namespace hadal::cpu
