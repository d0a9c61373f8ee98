#include "backends/cpu/router_dots_kernel.hpp"

namespace hadal::cpu {

void router_dots_avx2(const float* panel, const float* x, int64_t stride, int64_t cols, int rows, float* out) {
  sum_products(panel, x, stride, cols, rows, out);
}

}  // namespace hadal::cpu
