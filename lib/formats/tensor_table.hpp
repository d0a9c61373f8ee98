// The checks that every container needs before a tensor's bytes may be touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "formats/checkpoint.hpp"

namespace hadal {

// Bytes of the tensor's values by its dtype and shape. Throws Error(corrupt) if the product overflows or the last
// axis is not a multiple of the block.
size_t checked_bytes(std::string_view file_name, const StoredTensor& tensor);

// Given offsets relative to data_start: makes them absolute, sets data and file. Throws Error(corrupt) if a tensor
// leaves the file or overlaps another one.
void place_tensors(std::string_view file_name, std::span<const std::byte> bytes, uint64_t data_start, int32_t file,
                   std::span<StoredTensor> tensors);

// Fills Checkpoint::tensor_index; throws Error(corrupt) for a name that appears twice.
void index_tensors(std::string_view file_name, Checkpoint& checkpoint);

}  // namespace hadal
