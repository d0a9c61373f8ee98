// Fingerprints and checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "formats/checkpoint.hpp"

namespace hadal {

// Of the tensor table (names, formats, shapes) and the first bytes of each tensor: the same for the same weights,
// wherever they lie, and read within milliseconds.
std::string checkpoint_hash(const Checkpoint& checkpoint);

// 64 bits that notice damage; not a signature.
uint64_t checksum(std::span<const std::byte> bytes);

}  // namespace hadal
