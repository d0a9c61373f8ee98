#include "backends/cpu/isa/avx512.hpp"

#include "backends/cpu/attention_kernel.hpp"
#include "backends/cpu/index_kernel.hpp"
#include "backends/cpu/latent_kernel.hpp"

namespace hadal::cpu {

const AttentionKernels kAttentionAvx512 = {
    &AttentionKernel<Isa>::attend,
    &AttentionSteps<Isa>::merge,
    &LatentKernel<Isa>::attend,
    &IndexKernel<Isa>::scores,
    &AttentionSteps<Isa>::narrow,
};

}  // namespace hadal::cpu
