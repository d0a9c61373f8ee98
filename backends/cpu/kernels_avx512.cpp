#include "backends/cpu/isa/avx512.hpp"
//
#include "backends/cpu/kernel_table.hpp"

namespace hadal::cpu {

const Kernels& avx512_kernels() {
  static constexpr Kernels table = make_kernels<Isa>();
  return table;
}

}  // namespace hadal::cpu
