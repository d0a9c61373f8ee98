// The AVX2 vocabulary (AVX2, FMA, F16C). Only files built for that level include it; the unnamed namespace keeps
// its code out of every other file.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace hadal::cpu {
namespace {

#define HADAL_INLINE static inline __attribute__((always_inline))

// A panel chunk of 64 bytes (16 rows of 4 weights) is kParts vectors; an F holds kLanes rows.
struct Isa {
  static constexpr int kLanes = 8;
  static constexpr int kParts = 2;
  static constexpr int kMostTokens = 4;        // of a register tile
  static constexpr int kMostDirect = 4;        // tokens of a kernel that reads packed panels
  static constexpr int kTilePanels = 1;        // panels side by side in a register tile
  static constexpr bool kWideInt16 = true;     // 8-bit weights meet 15-bit activations as i16 x i16
  static constexpr int kFloatSums = 12;         // F sums that a float register tile can hold
  static constexpr bool kFloatsInRegisters = false;

  using F = __m256;
  using I = __m256i;   // kLanes int32
  using B = __m256i;   // bytes, 4 per row

  HADAL_INLINE F zero() { return _mm256_setzero_ps(); }
  HADAL_INLINE F set1(float v) { return _mm256_set1_ps(v); }
  HADAL_INLINE F load(const float* p) { return _mm256_loadu_ps(p); }
  HADAL_INLINE void store(float* p, F v) { _mm256_storeu_ps(p, v); }
  HADAL_INLINE __m256i tail_mask(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  // The first n < kLanes values; the rest are zero and untouched.
  HADAL_INLINE F load_tail(const float* p, int64_t n) { return _mm256_maskload_ps(p, tail_mask(n)); }
  HADAL_INLINE void store_tail(float* p, F v, int64_t n) { _mm256_maskstore_ps(p, tail_mask(n), v); }
  HADAL_INLINE F add(F a, F b) { return _mm256_add_ps(a, b); }
  HADAL_INLINE F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  HADAL_INLINE F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  HADAL_INLINE F div(F a, F b) { return _mm256_div_ps(a, b); }
  HADAL_INLINE F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  HADAL_INLINE F sqrt(F v) { return _mm256_sqrt_ps(v); }
  HADAL_INLINE float square_root(float v) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(v))); }
  HADAL_INLINE F max(F a, F b) { return _mm256_max_ps(a, b); }
  HADAL_INLINE F min(F a, F b) { return _mm256_min_ps(a, b); }
  HADAL_INLINE F abs(F v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }
  HADAL_INLINE F round(F v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  HADAL_INLINE F load_f16(const uint16_t* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  HADAL_INLINE void store_f16(uint16_t* p, F v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  HADAL_INLINE F load_bf16(const uint16_t* p) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  // kLanes FP8 codes (e4m3), times 2^-8: each is a half with the same sign, mantissa and, but for the bias, exponent.
  // The conversion takes subnormals as they are, whatever the program has set for them.
  HADAL_INLINE F load_e4m3(const uint8_t* p) {
    const __m128i wide = _mm_cvtepi8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
    return _mm256_cvtph_ps(_mm_and_si128(_mm_slli_epi16(wide, 7), _mm_set1_epi16(int16_t(0xBFFF))));
  }
  // Lanes are added as a tree: (0+4)+(2+6) + (1+5)+(3+7).
  HADAL_INLINE float sum(F v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  HADAL_INLINE float max_lane(F v) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }

  HADAL_INLINE I to_int(F v) { return _mm256_cvtps_epi32(v); }   // nearest even
  HADAL_INLINE F to_float(I v) { return _mm256_cvtepi32_ps(v); }
  HADAL_INLINE I int_set1(int32_t v) { return _mm256_set1_epi32(v); }
  HADAL_INLINE I int_add(I a, I b) { return _mm256_add_epi32(a, b); }
  HADAL_INLINE I int_and(I v, int32_t mask) { return _mm256_and_si256(v, _mm256_set1_epi32(mask)); }
  HADAL_INLINE I int_max(I a, I b) { return _mm256_max_epi32(a, b); }
  HADAL_INLINE I int_min(I a, I b) { return _mm256_min_epi32(a, b); }
  HADAL_INLINE I bits(F v) { return _mm256_castps_si256(v); }
  HADAL_INLINE F from_bits(I v) { return _mm256_castsi256_ps(v); }
  template <int n>
  HADAL_INLINE I int_shift_left(I v) { return _mm256_slli_epi32(v, n); }
  template <int n>
  HADAL_INLINE I int_shift_right(I v) { return _mm256_srli_epi32(v, n); }
  HADAL_INLINE int32_t max_lane_int(I v) {
    __m128i s = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_max_epi32(s, _mm_shuffle_epi32(s, 0x4E));
    return _mm_cvtsi128_si32(_mm_max_epi32(s, _mm_shuffle_epi32(s, 0xB1)));
  }
  // kLanes bytes, widened.
  HADAL_INLINE I load_int8(const uint8_t* p) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  }
  HADAL_INLINE I load_uint8(const uint8_t* p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  }

  HADAL_INLINE B bytes(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  HADAL_INLINE void store_bytes(uint8_t* p, B v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
  HADAL_INLINE B byte_set1(uint8_t v) { return _mm256_set1_epi8(char(v)); }
  HADAL_INLINE B byte_or(B a, B b) { return _mm256_or_si256(a, b); }
  HADAL_INLINE B byte_xor(B a, B b) { return _mm256_xor_si256(a, b); }
  // (v >> n) & mask in each byte; n negative shifts left. The mask must drop what crosses a byte's border.
  template <int n>
  HADAL_INLINE B shift_and(B v, uint8_t mask) {
    if constexpr (n > 0) v = _mm256_srli_epi16(v, n);
    if constexpr (n < 0) v = _mm256_slli_epi16(v, -n);
    return _mm256_and_si256(v, _mm256_set1_epi8(char(mask)));
  }
  // table[v] for bytes v < 16.
  HADAL_INLINE B lookup(const uint8_t* table, B v) {
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))), v);
  }
  // Four activations of one token, for every row.
  HADAL_INLINE B spread(const int8_t* p) { return _mm256_set1_epi32(*reinterpret_cast<const int32_t __attribute__((may_alias))*>(p)); }

  // Keeps the compiler from first making all products of a tile and then adding them: they would spill (2x slower).
  HADAL_INLINE __m256i in_order(__m256i v) {
    __asm__("" : "+x"(v));
    return v;
  }

  // Sums of u8 weights x s8 activations, in i16 lanes that may wrap on the way: the caller sees to it that the
  // centred sum of a lane (at most 16 products) fits i16, and that two products of one step do.
  struct Dot {
    __m256i lanes;
  };
  // -zero_point * (sum of the activations); pair: the sums of lanes 0, 1 and of lanes 2, 3 as two i16.
  HADAL_INLINE Dot start(int32_t pair, int zero_point) {
    if (zero_point == 0) return {_mm256_setzero_si256()};
    return {_mm256_mullo_epi16(_mm256_set1_epi32(pair), _mm256_set1_epi16(int16_t(-zero_point)))};
  }
  HADAL_INLINE Dot step(Dot sum, B weights, B x) {
    return {in_order(_mm256_add_epi16(sum.lanes, _mm256_maddubs_epi16(weights, x)))};
  }
  HADAL_INLINE I total(Dot sum) { return _mm256_madd_epi16(sum.lanes, _mm256_set1_epi16(1)); }

  // 32 values in [-127, 127] as bytes; and for each 16 of them the sums over k % 4 in {0, 1} and over {2, 3}, as two
  // i16 in one int32.
  HADAL_INLINE void store_block(int8_t* p, const I* v, int32_t* pairs) {
    const __m256i words = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    const __m256i codes = _mm256_permutevar8x32_epi32(words, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), codes);
    __m256i s = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
    s = _mm256_add_epi16(s, _mm256_shuffle_epi32(s, 0x4E));
    s = _mm256_add_epi16(s, _mm256_shuffle_epi32(s, 0xB1));
    pairs[0] = _mm256_cvtsi256_si32(s);
    pairs[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(s, 1));
  }
  // 254 * code + residual of 32 values as i16, each four in the order 0, 2, 1, 3.
  HADAL_INLINE void store_wide(int16_t* p, const I* code, const I* residual) {
    const __m256i factor = _mm256_set1_epi32(254);
    const __m256i swap = _mm256_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15,
                                          0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
    for (int i = 0; i < 2; ++i) {
      const __m256i a = _mm256_add_epi32(_mm256_mullo_epi32(code[2 * i], factor), residual[2 * i]);
      const __m256i b = _mm256_add_epi32(_mm256_mullo_epi32(code[2 * i + 1], factor), residual[2 * i + 1]);
      const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 16 * i), _mm256_shuffle_epi8(words, swap));
    }
  }

  // s8 weights x 15-bit activations. x: four i16 in the order 0, 2, 1, 3.
  HADAL_INLINE I wide_step(I sum, B weights, const int16_t* x) {
    using Word = const int32_t __attribute__((may_alias));
    const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(weights, 8), 8);
    const __m256i odd = _mm256_srai_epi16(weights, 8);
    sum = in_order(_mm256_add_epi32(sum, _mm256_madd_epi16(even, _mm256_set1_epi32(*reinterpret_cast<Word*>(x)))));
    return in_order(_mm256_add_epi32(sum, _mm256_madd_epi16(odd, _mm256_set1_epi32(*reinterpret_cast<Word*>(x + 2)))));
  }

  HADAL_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
};

}  // namespace
}  // namespace hadal::cpu
