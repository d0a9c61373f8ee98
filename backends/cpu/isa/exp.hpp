// exp over vectors, written once over the vocabulary. Included after one of the isa headers.
#pragma once

namespace hadal::cpu {
namespace {

// e^x with a relative error below 2e-7; 0 below -87.3, about 3.4e38 above 88.7; NaN in, NaN out.
// x = n ln2 + r, |r| <= ln2 / 2; the polynomial is Cephes expf's.
template <class S>
inline __attribute__((always_inline)) typename S::F exp(typename S::F x) {
  using F = typename S::F;
  const F clamped = S::min(S::set1(88.7f), S::max(S::set1(-87.3f), x));   // NaN stays the second operand
  const F n = S::round(S::mul(clamped, S::set1(1.44269504088896341f)));
  F r = S::fma(n, S::set1(-0.693359375f), clamped);
  r = S::fma(n, S::set1(2.12194440e-4f), r);
  F p = S::set1(1.9875691500e-4f);
  p = S::fma(p, r, S::set1(1.3981999507e-3f));
  p = S::fma(p, r, S::set1(8.3334519073e-3f));
  p = S::fma(p, r, S::set1(4.1665795894e-2f));
  p = S::fma(p, r, S::set1(1.6666665459e-1f));
  p = S::fma(p, r, S::set1(5.0000001201e-1f));
  p = S::add(S::fma(S::mul(r, r), p, r), S::set1(1.0f));
  // 2^n in two factors: n = 128 has no float of its own.
  const typename S::I two_n = S::template int_shift_left<23>(S::int_add(S::to_int(n), S::int_set1(126)));
  return S::mul(S::mul(p, S::from_bits(two_n)), S::set1(2.0f));
}

// z / (1 + e^-z)
template <class S>
inline __attribute__((always_inline)) typename S::F silu(typename S::F z) {
  return S::div(z, S::add(S::set1(1.0f), exp<S>(S::sub(S::zero(), z))));
}

}  // namespace
}  // namespace hadal::cpu
