#include "backends/cpu/isa/scalar.hpp"
//
#include "backends/cpu/kernel_table.hpp"

namespace hadal::cpu {

const Kernels& scalar_kernels() {
  static constexpr Kernels table = make_kernels<Isa>();
  return table;
}

}  // namespace hadal::cpu
