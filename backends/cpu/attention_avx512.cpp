#include "backends/cpu/isa/avx512.hpp"

#include "backends/cpu/attention_kernel.hpp"

namespace hadal::cpu {

const AttentionKernels kAttentionAvx512 = {
    &AttentionKernel<Isa>::attend,
    &AttentionKernel<Isa>::merge,
    &AttentionKernel<Isa>::narrow,
};

}  // namespace hadal::cpu
