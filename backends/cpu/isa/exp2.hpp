// 2^x over vectors, for softmax; written once over the vocabulary. Included after one of the isa headers.
#pragma once

namespace hadal::cpu {
namespace {

// 2^x for x <= 0, within 1.1 ulp of the exact value, exactly 1 for 0; 2^-126 for all that is smaller, -infinity
// included. NaN in, NaN out.
// x = n + f, n the nearest integer; 2^f = 1 + f * p(f), p interpolating (2^f - 1) / f at the six Chebyshev nodes of
// [-1/2, 1/2] (relative error 9.2e-9, an eighth of an ulp).
template <class S>
inline __attribute__((always_inline)) typename S::F exp2_of_negative(typename S::F x) {
  using F = typename S::F;
  const F clamped = S::max(S::set1(-126.0f), x);   // NaN stays the second operand
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
  const F magic = S::set1(12582912.0f);
  const F shifted = S::add(clamped, magic);
  const F f = S::sub(clamped, S::sub(shifted, magic));
  F p = S::set1(0x1.44138ap-13f);
  p = S::fma(p, f, S::set1(0x1.5f0890p-10f));
  p = S::fma(p, f, S::set1(0x1.3b2a54p-7f));
  p = S::fma(p, f, S::set1(0x1.c6af6cp-5f));
  p = S::fma(p, f, S::set1(0x1.ebfbe0p-3f));
  p = S::fma(p, f, S::set1(0x1.62e430p-1f));
  p = S::fma(p, f, S::set1(1.0f));
  return S::from_bits(S::int_add(S::bits(p), S::template int_shift_left<23>(S::bits(shifted))));
}

}  // namespace
}  // namespace hadal::cpu
