// Activations rounded for integer products: a token's row in blocks of 32, each x = step * (code + residual / 254)
// with codes and residuals in [-127, 127]. The residual plane is used only where a block's step is large against the
// token's own rows (kResidualShare), or everywhere with precision=exact; elsewhere it is zero.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/cpu/panel_format.hpp"

namespace hadal::cpu {

// A block's residual counts when its step is above this share of the token's root mean square. SmolLM2-135M Q4_1, 384
// tokens of text against precision=exact (avx2; "share" of the blocks that carry a residual):
//   limit   share   KL        mean logit change   equal next token
//   0.05     8 %    0.00051   0.059               96.1 %
//   0.03    21 %    0.00029   0.047               98.2 %
//   0.02    43 %    0.00015   0.033               99.0 %
//   0.01    87 %    0.00002   0.013               99.7 %
// At 0.05 and 0.03 a question whose first two candidates lie 0.08 apart ("What is the capital of France?") still went
// astray; 0.02 leaves such a margin standing.
inline constexpr float kResidualShare = 0.02f;
inline constexpr float kResidualSteps = 254;   // a residual of half a step is 127

// What the kernels need to know of one block. A pair is two i16: the sums of the codes with k % 4 in {0, 1} (low) and
// in {2, 3} (high); a half is 16 of the 32 values.
struct BlockInfo {
  float step;
  float low_step;       // step / 254
  float sum;            // of the values
  float half_sum[2];
  int32_t pair;
  int32_t half_pair[2];
};

struct ResidualInfo {
  int32_t pair;
  int32_t half_pair[2];
  int32_t unused;
};

// Quantised rows in memory, from some token on.
struct QuantRows {
  int64_t cols = 0;
  int8_t* codes = nullptr;              // [tokens, cols]
  int8_t* residuals = nullptr;          // [tokens, cols]; undefined in blocks that do not need it
  BlockInfo* blocks = nullptr;          // [tokens, cols / 32]
  ResidualInfo* residual_blocks = nullptr;
  uint64_t* needed = nullptr;           // [tokens, words()]: bit b % 64 of word b / 64
  int16_t* wide = nullptr;              // [tokens, cols]: 254 * code + residual, four by four in the order 0, 2, 1, 3

  int64_t words() const { return (cols / kBlock + 63) / 64; }
  QuantRows from(int64_t token) const {
    const int64_t num_blocks = cols / kBlock;
    return {cols,
            codes + token * cols,
            residuals + token * cols,
            blocks + token * num_blocks,
            residual_blocks + token * num_blocks,
            needed + token * words(),
            wide ? wide + token * cols : nullptr};
  }
};

}  // namespace hadal::cpu
