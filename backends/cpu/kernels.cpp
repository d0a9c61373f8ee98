#include "backends/cpu/kernels.hpp"

#include "backends/cpu/op.hpp"

namespace hadal::cpu {

const Kernels& kernels(Level level) {
  switch (level) {
#if defined(HADAL_CPU_AVX512)
    case Level::avx512: return avx512_kernels();
#endif
#if defined(HADAL_CPU_X86)
    case Level::avx2: return avx2_kernels();
#endif
    default: return scalar_kernels();
  }
}

void rms_norm_row(Level level, float* y, const float* x, const float* weight, int64_t n, float eps) {
  kernels(level).rms_norm_row(y, x, weight, n, eps);
}

void swiglu_row(Level level, float* y, const float* gate, const float* up, int64_t n) {
  kernels(level).swiglu_row(y, gate, up, n);
}

void gelu_row(Level level, float* y, const float* x, int64_t n) { kernels(level).gelu_row(y, x, n); }

}  // namespace hadal::cpu
