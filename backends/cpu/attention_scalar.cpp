#include "backends/cpu/isa/scalar.hpp"

#include "backends/cpu/attention_kernel.hpp"

namespace hadal::cpu {

const AttentionKernels kAttentionScalar = {
    &AttentionKernel<Isa>::attend,
    &AttentionKernel<Isa>::merge,
    &AttentionKernel<Isa>::narrow,
};

}  // namespace hadal::cpu
