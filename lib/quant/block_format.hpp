// The scalar definition of each number format: how its bytes become f32 and back. One file per block type.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.hpp"

namespace hadal {

struct BlockFormat {
  // out[i] for i in [0, elements). blocks may be unaligned. elements is a multiple of the block.
  void (*decode)(const std::byte* blocks, float* out, int64_t elements);
  // nullptr where this library only reads. importance: a weight per element for the squared rounding error, or
  // nullptr. Values that are not finite, or too large for the format's f16 scale, give some block, not a failure.
  void (*encode)(const float* in, std::byte* blocks, int64_t elements, const float* importance);
};

// Defined for every floating and block dtype; integer dtypes decode by value and have no encoder.
const BlockFormat& block_format(Dtype dtype);

inline void decode(Dtype dtype, const std::byte* blocks, float* out, int64_t elements) {
  block_format(dtype).decode(blocks, out, elements);
}

}  // namespace hadal
