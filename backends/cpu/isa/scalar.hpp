// The vocabulary without SIMD instructions: vectors of the compiler, which it breaks down for any processor.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/half.hpp"

namespace hadal::cpu {
namespace {

#define HADAL_INLINE static inline __attribute__((always_inline))

// See isa/avx2.hpp for the meaning of each word.
struct Isa {
  static constexpr int kLanes = 16;
  static constexpr int kParts = 1;
  static constexpr int kMostTokens = 1;
  static constexpr int kMostDirect = 0;
  static constexpr int kTilePanels = 1;
  static constexpr bool kWideInt16 = false;
  static constexpr int kFloatSums = 2;
  static constexpr bool kFloatsInRegisters = true;

  typedef float F __attribute__((vector_size(64)));
  typedef int32_t I __attribute__((vector_size(64)));
  typedef uint32_t B __attribute__((vector_size(64)));   // 4 bytes per row, the first in the low bits

  HADAL_INLINE F zero() { return F{}; }
  HADAL_INLINE F set1(float v) { return F{} + v; }
  HADAL_INLINE F load(const float* p) {
    F v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  HADAL_INLINE void store(float* p, F v) { std::memcpy(p, &v, sizeof v); }
  HADAL_INLINE F load_tail(const float* p, int64_t n) {
    F v = {};
    std::memcpy(&v, p, size_t(n) * sizeof(float));
    return v;
  }
  HADAL_INLINE void store_tail(float* p, F v, int64_t n) { std::memcpy(p, &v, size_t(n) * sizeof(float)); }
  HADAL_INLINE F add(F a, F b) { return a + b; }
  HADAL_INLINE F sub(F a, F b) { return a - b; }
  HADAL_INLINE F mul(F a, F b) { return a * b; }
  HADAL_INLINE F div(F a, F b) { return a / b; }
  HADAL_INLINE F fma(F a, F b, F c) { return a * b + c; }
  HADAL_INLINE F sqrt(F v) {
    for (int i = 0; i < kLanes; ++i) v[i] = std::sqrt(v[i]);
    return v;
  }
  HADAL_INLINE float square_root(float v) { return std::sqrt(v); }
  HADAL_INLINE F max(F a, F b) { return a > b ? a : b; }
  HADAL_INLINE F min(F a, F b) { return a < b ? a : b; }
  HADAL_INLINE F abs(F v) { return from_bits(bits(v) & 0x7FFFFFFF); }
  HADAL_INLINE F round(F v) {
    for (int i = 0; i < kLanes; ++i) v[i] = std::nearbyintf(v[i]);
    return v;
  }
  HADAL_INLINE F load_f16(const uint16_t* p) {
    F v;
    for (int i = 0; i < kLanes; ++i) v[i] = f16_to_f32(p[i]);
    return v;
  }
  HADAL_INLINE void store_f16(uint16_t* p, F v) {
    for (int i = 0; i < kLanes; ++i) p[i] = f32_to_f16(v[i]);
  }
  HADAL_INLINE F load_bf16(const uint16_t* p) {
    F v;
    for (int i = 0; i < kLanes; ++i) v[i] = bf16_to_f32(p[i]);
    return v;
  }
  HADAL_INLINE F load_e4m3(const uint8_t* p) {
    const I code = load_uint8(p), magnitude = code & 0x7F;
    const I normal = (magnitude << 20) + (112 << 23), tiny = bits(to_float(magnitude) * 0x1p-17f);
    return from_bits((magnitude < 8 ? tiny : normal) | (code >> 7) * INT32_MIN);
  }
  HADAL_INLINE float sum(F v) {
    float s[kLanes];
    store(s, v);
    for (int width = kLanes / 2; width > 0; width /= 2)
      for (int i = 0; i < width; ++i) s[i] += s[i + width];
    return s[0];
  }
  HADAL_INLINE float max_lane(F v) {
    float m = v[0];
    for (int i = 1; i < kLanes; ++i) m = m > v[i] ? m : v[i];
    return m;
  }

  HADAL_INLINE I to_int(F v) {
    I out;
    // As the SIMD levels: what int32 cannot hold becomes its lowest value.
    for (int i = 0; i < kLanes; ++i)
      out[i] = v[i] > -2147483648.0f && v[i] < 2147483648.0f ? int32_t(std::nearbyintf(v[i])) : INT32_MIN;
    return out;
  }
  HADAL_INLINE F to_float(I v) { return __builtin_convertvector(v, F); }
  HADAL_INLINE I int_set1(int32_t v) { return I{} + v; }
  HADAL_INLINE I int_add(I a, I b) { return a + b; }
  HADAL_INLINE I int_and(I v, int32_t mask) { return v & mask; }
  HADAL_INLINE I int_max(I a, I b) { return a > b ? a : b; }
  HADAL_INLINE I int_min(I a, I b) { return a < b ? a : b; }
  HADAL_INLINE I bits(F v) {
    I out;
    std::memcpy(&out, &v, sizeof v);
    return out;
  }
  HADAL_INLINE F from_bits(I v) {
    F out;
    std::memcpy(&out, &v, sizeof v);
    return out;
  }
  template <int n>
  HADAL_INLINE I int_shift_left(I v) { return v << n; }
  template <int n>
  HADAL_INLINE I int_shift_right(I v) { return v >> n; }
  HADAL_INLINE int32_t max_lane_int(I v) {
    int32_t m = v[0];
    for (int i = 1; i < kLanes; ++i) m = m > v[i] ? m : v[i];
    return m;
  }
  HADAL_INLINE I load_int8(const uint8_t* p) {
    I v;
    for (int i = 0; i < kLanes; ++i) v[i] = int8_t(p[i]);
    return v;
  }
  HADAL_INLINE I load_uint8(const uint8_t* p) {
    I v;
    for (int i = 0; i < kLanes; ++i) v[i] = p[i];
    return v;
  }

  HADAL_INLINE B bytes(const uint8_t* p) {
    B v;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&v, p, sizeof v);
    } else {
      for (int i = 0; i < kLanes; ++i)
        v[i] = uint32_t(p[4 * i]) | uint32_t(p[4 * i + 1]) << 8 | uint32_t(p[4 * i + 2]) << 16 | uint32_t(p[4 * i + 3]) << 24;
    }
    return v;
  }
  HADAL_INLINE void store_bytes(uint8_t* p, B v) {
    if constexpr (std::endian::native == std::endian::little) std::memcpy(p, &v, sizeof v);
    else
      for (int i = 0; i < 4 * kLanes; ++i) p[i] = uint8_t(v[i / 4] >> (8 * (i % 4)));
  }
  HADAL_INLINE B byte_set1(uint8_t v) { return B{} + v * 0x01010101u; }
  HADAL_INLINE B byte_or(B a, B b) { return a | b; }
  HADAL_INLINE B byte_xor(B a, B b) { return a ^ b; }
  template <int n>
  HADAL_INLINE B shift_and(B v, uint8_t mask) {
    if constexpr (n > 0) v = v >> n;
    if constexpr (n < 0) v = v << -n;
    return v & byte_set1(mask);
  }
  HADAL_INLINE B lookup(const uint8_t* table, B v) {
    B out;
    for (int i = 0; i < kLanes; ++i)
      out[i] = uint32_t(table[v[i] & 255]) | uint32_t(table[v[i] >> 8 & 255]) << 8 |
               uint32_t(table[v[i] >> 16 & 255]) << 16 | uint32_t(table[v[i] >> 24]) << 24;
    return out;
  }
  struct Four {
    int32_t v[4];
  };
  HADAL_INLINE Four spread(const int8_t* p) { return {{p[0], p[1], p[2], p[3]}}; }

  struct Dot {
    I lanes;
  };
  HADAL_INLINE Dot start(int32_t pair, int zero_point) {
    return {int_set1(-zero_point * (int16_t(pair & 0xFFFF) + int16_t(pair >> 16)))};
  }
  HADAL_INLINE Dot step(Dot sum, B weights, Four x) {
    const I w = I(weights);
    return {sum.lanes + (w & 255) * x.v[0] + ((w >> 8) & 255) * x.v[1] + ((w >> 16) & 255) * x.v[2] +
            ((w >> 24) & 255) * x.v[3]};
  }
  HADAL_INLINE I total(Dot sum) { return sum.lanes; }
  HADAL_INLINE void store_block(int8_t* p, const I* v, int32_t* pairs) {
    for (int half = 0; half < 2; ++half) {
      int sum[2] = {0, 0};
      for (int k = 0; k < 16; ++k) {
        const int32_t value = v[half][k];
        p[16 * half + k] = int8_t(value > 127 ? 127 : value < -128 ? -128 : value);
        sum[k / 2 % 2] += p[16 * half + k];
      }
      pairs[half] = int32_t(uint32_t(uint16_t(sum[0])) | uint32_t(sum[1]) << 16);
    }
  }
  HADAL_INLINE void store_wide(int16_t*, const I*, const I*) {}   // not used: kWideInt16
  HADAL_INLINE I wide_step(I sum, B, const int16_t*) { return sum; }   // not used: kWideInt16

  HADAL_INLINE void prefetch(const void*) {}
};

}  // namespace
}  // namespace hadal::cpu
