// FP8 tensors of a checkpoint and the tensors beside them that hold their scales: for "x.weight" of F8_E4M3,
// "x.weight_scale_inv" of F32, BF16, F16 or F8_E8M0, one number per 128 x 128 values from row 0 on, perhaps in another
// shard. A stack [matrices, rows, cols] has a grid for each matrix.
#pragma once

#include <cstdint>

#include "formats/checkpoint.hpp"

namespace hadal {

// The scales of an FP8 tensor; nullptr for one of another format. Throws Error(corrupt) if they are missing or do not
// have one number per block, Error(unsupported) if they are not floats. A tensor that only an index names is not checked.
const StoredTensor* f8_scales(const Checkpoint& checkpoint, const StoredTensor& tensor);

// Whether the tensor holds the scales of another one.
bool is_f8_scales(const Checkpoint& checkpoint, const StoredTensor& tensor);

// All scales as f32. Throws Error(corrupt) for one that is not finite.
void read_f8_scales(const StoredTensor& scales, float* out);
void check_f8_scales(const StoredTensor& scales);

// Rows of an FP8 tensor, counted through all its matrices, as f32: code * scale.
void decode_f8_rows(const StoredTensor& tensor, const StoredTensor& scales, int64_t first, int64_t rows, float* out);

}  // namespace hadal
