// The float vocabulary in plain C++: four lanes that any compiler turns into what its machine has. The other levels
// (float_avx2.hpp, float_avx512.hpp) offer the same names; kernels are written once over them.
#pragma once

#include <cstdint>

#include "core/half.hpp"

namespace hadal::cpu::isa {

struct FloatScalar {
  static constexpr int kWidth = 4;   // lanes of a Vec
  static constexpr int kRows = 2;    // rows of a register tile that is one block of 16 wide
  struct Vec {
    float lane[kWidth];
  };

  static Vec zero() { return {}; }
  static Vec broadcast(float x) { return {{x, x, x, x}}; }

  // Widening loads: f32, f16 and bf16 give the exact value.
  static Vec load(const float* p) { return {{p[0], p[1], p[2], p[3]}}; }
  struct F16 {
    uint16_t bits;
  };
  struct Bf16 {
    uint16_t bits;
  };
  static Vec load(const F16* p) {
    return {{f16_to_f32(p[0].bits), f16_to_f32(p[1].bits), f16_to_f32(p[2].bits), f16_to_f32(p[3].bits)}};
  }
  static Vec load(const Bf16* p) {
    return {{bf16_to_f32(p[0].bits), bf16_to_f32(p[1].bits), bf16_to_f32(p[2].bits), bf16_to_f32(p[3].bits)}};
  }
  static Vec load(const int8_t* p) { return {{float(p[0]), float(p[1]), float(p[2]), float(p[3])}}; }
  static void store(float* p, Vec a) {
    for (int i = 0; i < kWidth; ++i) p[i] = a.lane[i];
  }
  // To nearest even.
  static void store(F16* p, Vec a) {
    for (int i = 0; i < kWidth; ++i) p[i].bits = f32_to_f16(a.lane[i]);
  }

  static Vec add(Vec a, Vec b) {
    for (int i = 0; i < kWidth; ++i) a.lane[i] = a.lane[i] + b.lane[i];
    return a;
  }
  static Vec sub(Vec a, Vec b) {
    for (int i = 0; i < kWidth; ++i) a.lane[i] = a.lane[i] - b.lane[i];
    return a;
  }
  static Vec mul(Vec a, Vec b) {
    for (int i = 0; i < kWidth; ++i) a.lane[i] = a.lane[i] * b.lane[i];
    return a;
  }
  static Vec div(Vec a, Vec b) {
    for (int i = 0; i < kWidth; ++i) a.lane[i] = a.lane[i] / b.lane[i];
    return a;
  }
  // a * b + c; rounded twice here, once at the other levels.
  static Vec fma(Vec a, Vec b, Vec c) {
    for (int i = 0; i < kWidth; ++i) c.lane[i] = a.lane[i] * b.lane[i] + c.lane[i];
    return c;
  }
  static Vec max(Vec a, Vec b) {
    for (int i = 0; i < kWidth; ++i) a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
  }
  // value where x is not below limit (NaN is not), otherwise 0.
  static Vec zero_below(Vec value, Vec x, float limit) {
    for (int i = 0; i < kWidth; ++i) value.lane[i] = x.lane[i] < limit ? 0.0f : value.lane[i];
    return value;
  }
  // a with the low bits of `bits` added to its exponent.
  static Vec add_exponent(Vec a, Vec bits) {
    for (int i = 0; i < kWidth; ++i)
      a.lane[i] = std::bit_cast<float>(std::bit_cast<uint32_t>(a.lane[i]) + (std::bit_cast<uint32_t>(bits.lane[i]) << 23));
    return a;
  }

  static float reduce_max(Vec a) {
    const float low = a.lane[0] > a.lane[1] ? a.lane[0] : a.lane[1];
    const float high = a.lane[2] > a.lane[3] ? a.lane[2] : a.lane[3];
    return low > high ? low : high;
  }
  static float reduce_add(Vec a) { return (a.lane[0] + a.lane[2]) + (a.lane[1] + a.lane[3]); }

  static void prefetch(const void*) {}
};

}  // namespace hadal::cpu::isa
