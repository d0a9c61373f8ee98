#include "generate/fingerprint.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/sha256.hpp"

namespace hadal {

std::string checkpoint_hash(const Checkpoint& checkpoint) {
  constexpr size_t kSample = 4096;
  Sha256 hash;
  for (const StoredTensor& tensor : checkpoint.tensors) {
    hash.add(tensor.name);
    hash.add(name(tensor.dtype));
    for (const int64_t extent : tensor.shape) hash.add(uint64_t(extent));
    if (tensor.data) hash.add(std::span(tensor.data, std::min(kSample, tensor.bytes)));
  }
  return hash.hex();
}

uint64_t checksum(std::span<const std::byte> bytes) {
  // Four multiply-and-rotate lanes; every bit of the input reaches every bit of the result.
  constexpr uint64_t kMul = 0x9E3779B97F4A7C15u;
  uint64_t lane[4] = {1, 2, 3, 4};
  size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    for (int i = 0; i < 4; ++i) {
      uint64_t word;
      std::memcpy(&word, bytes.data() + at + 8 * i, 8);
      lane[i] = std::rotl((lane[i] ^ word) * kMul, 29) + word;
    }
  }
  for (; at < bytes.size(); ++at) lane[at & 3] = std::rotl((lane[at & 3] ^ uint64_t(bytes[at])) * kMul, 29);
  uint64_t out = bytes.size();
  for (const uint64_t part : lane) {
    out = (out ^ part) * kMul;
    out ^= out >> 32;
  }
  return out * kMul ^ out >> 29;
}

}  // namespace hadal
