// The AVX-512 intrinsics that backends/cpu uses, on any machine: SIMDe's, and those that its releases lack.
#pragma once

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/half.hpp"

namespace hadal::test {

using Mask16 = uint16_t;

__attribute__((noinline)) static simde__m512 load_masked(Mask16 mask, const float* p) {
  float lanes[16] = {};
  for (int i = 0; i < 16; ++i)
    if (mask >> i & 1) lanes[i] = p[i];
  return simde_mm512_loadu_ps(lanes);
}

__attribute__((noinline)) static void store_masked(float* p, Mask16 mask, simde__m512 v) {
  float lanes[16];
  simde_mm512_storeu_ps(lanes, v);
  for (int i = 0; i < 16; ++i)
    if (mask >> i & 1) p[i] = lanes[i];
}

__attribute__((noinline)) static simde__m512 round_to_even(simde__m512 v) {
  float lanes[16];
  simde_mm512_storeu_ps(lanes, v);
  for (float& lane : lanes) lane = std::nearbyintf(lane);
  return simde_mm512_loadu_ps(lanes);
}

__attribute__((noinline)) static simde__m512 widen_halves(simde__m256i v) {
  uint16_t halves[16];
  float lanes[16];
  std::memcpy(halves, &v, sizeof halves);
  for (int i = 0; i < 16; ++i) lanes[i] = f16_to_f32(halves[i]);
  return simde_mm512_loadu_ps(lanes);
}

__attribute__((noinline)) static simde__m256i narrow_to_halves(simde__m512 v) {
  float lanes[16];
  uint16_t halves[16];
  simde_mm512_storeu_ps(lanes, v);
  for (int i = 0; i < 16; ++i) halves[i] = f32_to_f16(lanes[i]);
  simde__m256i out;
  std::memcpy(&out, halves, sizeof out);
  return out;
}

__attribute__((noinline)) static simde__m512i to_int_even(simde__m512 v) {
  float lanes[16];
  int32_t ints[16];
  simde_mm512_storeu_ps(lanes, v);
  for (int i = 0; i < 16; ++i)
    ints[i] = lanes[i] > -2147483648.0f && lanes[i] < 2147483648.0f ? int32_t(std::nearbyintf(lanes[i])) : INT32_MIN;
  return simde_mm512_loadu_si512(ints);
}

// Four u8 x s8 products added to each int32.
__attribute__((noinline)) static simde__m512i dot_bytes(simde__m512i sum, simde__m512i a, simde__m512i b) {
  int32_t out[16];
  uint8_t u[64];
  int8_t s[64];
  simde_mm512_storeu_si512(out, sum);
  simde_mm512_storeu_si512(u, a);
  simde_mm512_storeu_si512(s, b);
  for (int i = 0; i < 64; ++i) out[i / 4] += int32_t(u[i]) * s[i];
  return simde_mm512_loadu_si512(out);
}

__attribute__((noinline)) static simde__m128i narrow_saturating(simde__m512i v) {
  int32_t ints[16];
  int8_t bytes[16];
  simde_mm512_storeu_si512(ints, v);
  for (int i = 0; i < 16; ++i) bytes[i] = int8_t(ints[i] > 127 ? 127 : ints[i] < -128 ? -128 : ints[i]);
  return simde_mm_loadu_si128(bytes);
}

template <class Narrow, class Vector>
__attribute__((noinline)) static simde__m512i widen(Vector v) {
  Narrow in[16];
  int32_t out[16];
  static_assert(sizeof in == sizeof v);
  std::memcpy(in, &v, sizeof in);
  for (int i = 0; i < 16; ++i) out[i] = in[i];
  return simde_mm512_loadu_si512(out);
}

__attribute__((noinline)) static simde__m512 ints_to_floats(simde__m512i v) {
  int32_t ints[16];
  float lanes[16];
  simde_mm512_storeu_si512(ints, v);
  for (int i = 0; i < 16; ++i) lanes[i] = float(ints[i]);
  return simde_mm512_loadu_ps(lanes);
}

}  // namespace hadal::test

#if !defined(__AVX512F__)
#define __mmask16 hadal::test::Mask16
#undef _mm512_maskz_loadu_ps
#define _mm512_maskz_loadu_ps(mask, p) hadal::test::load_masked(mask, p)
#undef _mm512_mask_storeu_ps
#define _mm512_mask_storeu_ps(p, mask, v) hadal::test::store_masked(p, mask, v)
#undef _mm512_roundscale_ps
#define _mm512_roundscale_ps(v, mode) hadal::test::round_to_even(v)
#undef _mm512_cvtph_ps
#define _mm512_cvtph_ps(v) hadal::test::widen_halves(v)
#undef _mm512_cvtps_ph
#define _mm512_cvtps_ph(v, mode) hadal::test::narrow_to_halves(v)
#undef _mm512_cvtps_epi32
#define _mm512_cvtps_epi32(v) hadal::test::to_int_even(v)
#undef _mm512_dpbusd_epi32
#define _mm512_dpbusd_epi32(sum, a, b) hadal::test::dot_bytes(sum, a, b)
#undef _mm512_cvtsepi32_epi8
#define _mm512_cvtsepi32_epi8(v) hadal::test::narrow_saturating(v)
#undef _mm512_cvtepu16_epi32
#define _mm512_cvtepu16_epi32(v) hadal::test::widen<uint16_t>(v)
#undef _mm512_cvtepi8_epi32
#define _mm512_cvtepi8_epi32(v) hadal::test::widen<int8_t>(v)
#undef _mm512_cvtepu8_epi32
#define _mm512_cvtepu8_epi32(v) hadal::test::widen<uint8_t>(v)
#undef _mm512_cvtepi32_ps
#define _mm512_cvtepi32_ps(v) hadal::test::ints_to_floats(v)
#endif
