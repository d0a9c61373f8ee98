#include "backends/cpu/isa/avx2.hpp"

#include "backends/cpu/attention_kernel.hpp"

namespace hadal::cpu {

const AttentionKernels kAttentionAvx2 = {
    &AttentionKernel<Isa>::attend,
    &AttentionKernel<Isa>::merge,
    &AttentionKernel<Isa>::narrow,
};

}  // namespace hadal::cpu
