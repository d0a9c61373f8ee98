// The error function over vectors, written once over the vocabulary. Included after one of the isa headers.
#pragma once

namespace hadal::cpu {
namespace {

// erf(z) within 3.3e-7, NaN for NaN: z P(z²) / Q(z²), fitted to the least relative error on [0, 4]; beyond that it is
// 1.
template <class S>
inline __attribute__((always_inline)) typename S::F erf(typename S::F z) {
  using F = typename S::F;
  const F x = S::min(S::set1(4.0f), S::max(S::set1(-4.0f), z));   // NaN stays the second operand
  const F u = S::mul(x, x);
  F p = S::set1(1.9867532046e-06f);
  p = S::fma(p, u, S::set1(2.8456258588e-04f));
  p = S::fma(p, u, S::set1(3.8833131548e-03f));
  p = S::fma(p, u, S::set1(5.3101651371e-02f));
  p = S::fma(p, u, S::set1(1.9354473054e-01f));
  p = S::fma(p, u, S::set1(1.1283791065e+00f));
  F q = S::set1(3.7419693399e-05f);
  q = S::fma(q, u, S::set1(1.1855586199e-03f));
  q = S::fma(q, u, S::set1(1.5207194723e-02f));
  q = S::fma(q, u, S::set1(1.1534981430e-01f));
  q = S::fma(q, u, S::set1(5.0485712290e-01f));
  q = S::fma(q, u, S::set1(1.0f));
  return S::min(S::set1(1.0f), S::max(S::set1(-1.0f), S::div(S::mul(x, p), q)));
}

// x / 2 (1 + erf(x / √2))
template <class S>
inline __attribute__((always_inline)) typename S::F gelu(typename S::F x) {
  const typename S::F half = S::mul(x, S::set1(0.5f));
  return S::fma(half, erf<S>(S::mul(x, S::set1(0.70710678f))), half);
}

}  // namespace
}  // namespace hadal::cpu
