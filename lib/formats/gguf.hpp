// What the GGUF reader and writer share: ids of value types and tensor types, and one parsed file.
// Source of the layout: ggml's docs/gguf.md; of the tensor type ids: ggml.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/dtype.hpp"
#include "formats/checkpoint.hpp"

namespace hadal::gguf {

constexpr uint32_t kMagic = 0x46554747;   // "GGUF" in file order
constexpr uint32_t kVersion = 3;
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kLargestAlignment = uint64_t{1} << 24;
constexpr uint32_t kMostDimensions = 4;
constexpr uint64_t kLongestTensorName = 64;
constexpr size_t kHeaderBytes = 24;       // magic, version, number of tensors, number of entries

enum class ValueType : uint32_t {
  u8 = 0, i8 = 1, u16 = 2, i16 = 3, u32 = 4, i32 = 5, f32 = 6, boolean = 7, string = 8, array = 9, u64 = 10, i64 = 11,
  f64 = 12,
};

struct TensorType {
  std::string_view name;            // empty: no such type, or one that ggml removed
  std::optional<Dtype> dtype;       // empty: a type this library does not compute with
};

TensorType tensor_type(uint32_t id);
// The id a GGUF file uses for this dtype, or nothing for those it has no id for (u8, bool).
std::optional<uint32_t> tensor_type_id(Dtype dtype);

// Parses one file into `out`: appends its tensors with StoredTensor::file = file, and takes its metadata if
// `keep_metadata`; otherwise only the entries of split parts ("split.*") and the alignment are looked at.
// `bytes` must live as long as `out`. Throws Error(corrupt, unsupported); names in errors start with `name`.
struct Split {
  int64_t number = 0, count = 1;    // split.no, split.count
  std::optional<int64_t> tensors;   // split.tensors.count
};
Split parse_file(std::string_view name, std::span<const std::byte> bytes, int32_t file, bool keep_metadata,
                 Checkpoint& out);

// Checks the first kHeaderBytes: magic, version, byte order. Throws Error(corrupt, unsupported).
void check_header(std::string_view name, std::span<const std::byte> bytes);

}  // namespace hadal::gguf
