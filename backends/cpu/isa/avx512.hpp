// The AVX-512 vocabulary (F, BW, VL, DQ, VNNI). Only files built for that level include it; the unnamed namespace keeps
// its code out of every other file. With HADAL_SIMDE the includer brings the intrinsics: tests run this on any machine.
#pragma once

#if !defined(HADAL_SIMDE)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

namespace hadal::cpu {
namespace {

#define HADAL_INLINE static inline __attribute__((always_inline))

// See isa/avx2.hpp for the meaning of each word.
struct Isa {
  static constexpr int kLanes = 16;
  static constexpr int kParts = 1;
  static constexpr int kMostTokens = 6;   // with two panels: 12 integer and 12 float sums, weights, one activation
  static constexpr int kMostDirect = 6;
  static constexpr int kTilePanels = 2;
  static constexpr bool kWideInt16 = false;
  static constexpr int kFloatSums = 24;         // F sums that a float register tile can hold
  static constexpr bool kFloatsInRegisters = true;

  using F = __m512;
  using I = __m512i;
  using B = __m512i;

  HADAL_INLINE F zero() { return _mm512_setzero_ps(); }
  HADAL_INLINE F set1(float v) { return _mm512_set1_ps(v); }
  HADAL_INLINE F load(const float* p) { return _mm512_loadu_ps(p); }
  HADAL_INLINE void store(float* p, F v) { _mm512_storeu_ps(p, v); }
  HADAL_INLINE __mmask16 tail_mask(int64_t n) { return __mmask16((1u << n) - 1); }
  HADAL_INLINE F load_tail(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(tail_mask(n), p); }
  HADAL_INLINE void store_tail(float* p, F v, int64_t n) { _mm512_mask_storeu_ps(p, tail_mask(n), v); }
  HADAL_INLINE F add(F a, F b) { return _mm512_add_ps(a, b); }
  HADAL_INLINE F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  HADAL_INLINE F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  HADAL_INLINE F div(F a, F b) { return _mm512_div_ps(a, b); }
  HADAL_INLINE F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  HADAL_INLINE F sqrt(F v) { return _mm512_sqrt_ps(v); }
  HADAL_INLINE float square_root(float v) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(v))); }
  HADAL_INLINE F max(F a, F b) { return _mm512_max_ps(a, b); }
  HADAL_INLINE F min(F a, F b) { return _mm512_min_ps(a, b); }
  HADAL_INLINE F abs(F v) { return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(0x7FFFFFFF))); }
  HADAL_INLINE F round(F v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  HADAL_INLINE F load_f16(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  HADAL_INLINE void store_f16(uint16_t* p, F v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  HADAL_INLINE F load_bf16(const uint16_t* p) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  HADAL_INLINE F load_e4m3(const uint8_t* p) {
    const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm512_cvtph_ps(_mm256_and_si256(_mm256_slli_epi16(wide, 7), _mm256_set1_epi16(int16_t(0xBFFF))));
  }
  // Lanes are added as a tree: i + 8, then + 4, + 2, + 1.
  HADAL_INLINE float sum(F v) {
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), upper(v));
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  HADAL_INLINE float max_lane(F v) {
    const __m256 half = _mm256_max_ps(_mm512_castps512_ps256(v), upper(v));
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }

  HADAL_INLINE I to_int(F v) { return _mm512_cvtps_epi32(v); }
  HADAL_INLINE F to_float(I v) { return _mm512_cvtepi32_ps(v); }
  HADAL_INLINE I int_set1(int32_t v) { return _mm512_set1_epi32(v); }
  HADAL_INLINE I int_add(I a, I b) { return _mm512_add_epi32(a, b); }
  HADAL_INLINE I int_and(I v, int32_t mask) { return _mm512_and_si512(v, _mm512_set1_epi32(mask)); }
  HADAL_INLINE I int_max(I a, I b) { return _mm512_max_epi32(a, b); }
  HADAL_INLINE I int_min(I a, I b) { return _mm512_min_epi32(a, b); }
  HADAL_INLINE I bits(F v) { return _mm512_castps_si512(v); }
  HADAL_INLINE F from_bits(I v) { return _mm512_castsi512_ps(v); }
  template <int n>
  HADAL_INLINE I int_shift_left(I v) { return _mm512_slli_epi32(v, n); }
  template <int n>
  HADAL_INLINE I int_shift_right(I v) { return _mm512_srli_epi32(v, n); }
  HADAL_INLINE int32_t max_lane_int(I v) {
    const __m256i half = _mm256_max_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    __m128i s = _mm_max_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    s = _mm_max_epi32(s, _mm_shuffle_epi32(s, 0x4E));
    return _mm_cvtsi128_si32(_mm_max_epi32(s, _mm_shuffle_epi32(s, 0xB1)));
  }
  HADAL_INLINE I load_int8(const uint8_t* p) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  HADAL_INLINE I load_uint8(const uint8_t* p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }

  HADAL_INLINE B bytes(const uint8_t* p) { return _mm512_loadu_si512(p); }
  HADAL_INLINE void store_bytes(uint8_t* p, B v) { _mm512_storeu_si512(p, v); }
  HADAL_INLINE B byte_set1(uint8_t v) { return _mm512_set1_epi8(int8_t(v)); }
  HADAL_INLINE B byte_or(B a, B b) { return _mm512_or_si512(a, b); }
  HADAL_INLINE B byte_xor(B a, B b) { return _mm512_xor_si512(a, b); }
  template <int n>
  HADAL_INLINE B shift_and(B v, uint8_t mask) {
    if constexpr (n > 0) v = _mm512_srli_epi16(v, n);
    if constexpr (n < 0) v = _mm512_slli_epi16(v, -n);
    return _mm512_and_si512(v, _mm512_set1_epi8(int8_t(mask)));
  }
  HADAL_INLINE B lookup(const uint8_t* table, B v) {
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))), v);
  }
  HADAL_INLINE B spread(const int8_t* p) {
    return _mm512_set1_epi32(*reinterpret_cast<const int32_t __attribute__((may_alias))*>(p));
  }

  // VNNI adds four products to an int32; nothing can overflow.
  struct Dot {
    __m512i lanes;
  };
  HADAL_INLINE Dot start(int32_t pair, int zero_point) {
    return {_mm512_set1_epi32(-zero_point * (int16_t(pair & 0xFFFF) + (pair >> 16)))};
  }
  HADAL_INLINE Dot step(Dot sum, B weights, B x) { return {_mm512_dpbusd_epi32(sum.lanes, weights, x)}; }
  HADAL_INLINE I total(Dot sum) { return sum.lanes; }
  HADAL_INLINE void store_block(int8_t* p, const I* v, int32_t* pairs) {
    const __m256i codes = _mm256_set_m128i(_mm512_cvtsepi32_epi8(v[1]), _mm512_cvtsepi32_epi8(v[0]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), codes);
    __m256i s = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
    s = _mm256_add_epi16(s, _mm256_shuffle_epi32(s, 0x4E));
    s = _mm256_add_epi16(s, _mm256_shuffle_epi32(s, 0xB1));
    pairs[0] = _mm_cvtsi128_si32(_mm256_castsi256_si128(s));
    pairs[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(s, 1));
  }
  HADAL_INLINE void store_wide(int16_t*, const I*, const I*) {}   // not used: kWideInt16
  HADAL_INLINE I wide_step(I sum, B, const int16_t*) { return sum; }   // not used: kWideInt16

  HADAL_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

 private:
  HADAL_INLINE __m256 upper(F v) {
    return _mm256_castsi256_ps(_mm512_extracti64x4_epi64(_mm512_castps_si512(v), 1));
  }
};

}  // namespace
}  // namespace hadal::cpu
