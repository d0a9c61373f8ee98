// Inverse frequencies of rotary embedding under each kind of rope scaling.
#pragma once

#include <vector>

#include "models/config.hpp"

namespace hadal {

struct RopeFrequencies {
  std::vector<float> inv_freq;   // [dim / 2]: the angle of pair i at position p is p * inv_freq[i]
  float magnitude = 1;           // cos and sin are multiplied by it
};

// What MLA's softmax scale is multiplied by besides (qk_nope + qk_rope)^(−1/2): get_mscale(factor, mscale_all_dim)².
double yarn_softmax_factor(const RopeScaling& scaling);

// dim: the rotated columns of a head.
RopeFrequencies rope_frequencies(const Config& config, int64_t dim);

}  // namespace hadal
