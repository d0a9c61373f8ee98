// The matrices of MLA's heads as the CPU backend keeps them: float panels (panel_format.hpp) of every head, one after
// the other, in the orientation that latent_attention multiplies.
//
// f32 and bf16 stay what they are. Every other format becomes f16: a rounding of at most 2^-11 of a weight, below what
// the block formats themselves are off by.
#pragma once

#include <memory>

#include "backends/cpu/op.hpp"
#include "core/buffer.hpp"

namespace hadal::cpu {

class LatentHeads final : public PackedWeight {
 public:
  bool reads_source() const override { return false; }

  Dtype dtype = Dtype::f16;   // f32, f16 or bf16
  int64_t rows = 0;           // of a head's matrix as it is multiplied: W x, rows × cols
  int64_t cols = 0;
  int64_t head_bytes = 0;
  Buffer memory;

  const uint8_t* head(int64_t h) const { return reinterpret_cast<const uint8_t*>(memory.data()) + h * head_bytes; }
};

size_t latent_heads_bytes(const Weight& weight, WeightUse use);

// Throws Error(out_of_memory), or Error(corrupt) for FP8 codes that are NaN, naming the weight.
std::unique_ptr<PackedWeight> pack_latent_heads(const Weight& weight, WeightUse use, const std::shared_ptr<Host>& host,
                                                TaskRunner& runner, const CpuConfig& config);

}  // namespace hadal::cpu
