// What SIMDe 0.7 lacks of AVX-512, in halves of AVX2. Included before isa/avx512.hpp, which includes SIMDe too.
#pragma once

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

namespace hadal::simde_gaps {

#define HADAL_GAP static inline __attribute__((always_inline))

HADAL_GAP __m512i join(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }
HADAL_GAP __m512 join(__m256 low, __m256 high) { return _mm512_castsi512_ps(join(_mm256_castps_si256(low), _mm256_castps_si256(high))); }
HADAL_GAP __m256i low(__m512i v) { return _mm512_castsi512_si256(v); }
HADAL_GAP __m256i high(__m512i v) { return _mm512_extracti64x4_epi64(v, 1); }
HADAL_GAP __m256 low(__m512 v) { return _mm256_castsi256_ps(low(_mm512_castps_si512(v))); }
HADAL_GAP __m256 high(__m512 v) { return _mm256_castsi256_ps(high(_mm512_castps_si512(v))); }

HADAL_GAP __m512 cvtph_ps(__m256i v) {
  return join(_mm256_cvtph_ps(_mm256_castsi256_si128(v)), _mm256_cvtph_ps(_mm256_extracti128_si256(v, 1)));
}
HADAL_GAP __m256i cvtps_ph(__m512 v) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm256_cvtps_ph(low(v), _MM_FROUND_TO_NEAREST_INT)),
                                 _mm256_cvtps_ph(high(v), _MM_FROUND_TO_NEAREST_INT), 1);
}
HADAL_GAP __m512i cvtepu16_epi32(__m256i v) {
  return join(_mm256_cvtepu16_epi32(_mm256_castsi256_si128(v)), _mm256_cvtepu16_epi32(_mm256_extracti128_si256(v, 1)));
}
HADAL_GAP __m512i cvtepi8_epi32(__m128i v) {
  return join(_mm256_cvtepi8_epi32(v), _mm256_cvtepi8_epi32(_mm_srli_si128(v, 8)));
}
HADAL_GAP __m512i cvtepu8_epi32(__m128i v) {
  return join(_mm256_cvtepu8_epi32(v), _mm256_cvtepu8_epi32(_mm_srli_si128(v, 8)));
}
HADAL_GAP __m512 cvtepi32_ps(__m512i v) { return join(_mm256_cvtepi32_ps(low(v)), _mm256_cvtepi32_ps(high(v))); }
HADAL_GAP __m512i cvtps_epi32(__m512 v) { return join(_mm256_cvtps_epi32(low(v)), _mm256_cvtps_epi32(high(v))); }

#undef HADAL_GAP

}  // namespace hadal::simde_gaps

#define _mm512_cvtph_ps(v) ::hadal::simde_gaps::cvtph_ps(v)
#define _mm512_cvtps_ph(v, rounding) ::hadal::simde_gaps::cvtps_ph(v)
#define _mm512_cvtepu16_epi32(v) ::hadal::simde_gaps::cvtepu16_epi32(v)
#define _mm512_cvtepi8_epi32(v) ::hadal::simde_gaps::cvtepi8_epi32(v)
#define _mm512_cvtepu8_epi32(v) ::hadal::simde_gaps::cvtepu8_epi32(v)
#define _mm512_cvtepi32_ps(v) ::hadal::simde_gaps::cvtepi32_ps(v)
#define _mm512_cvtps_epi32(v) ::hadal::simde_gaps::cvtps_epi32(v)
