// Writes a GGUF version 3 file front to back: first every entry and tensor is announced, then the bytes follow.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/dtype.hpp"
#include "formats/byte_sink.hpp"
#include "formats/checkpoint.hpp"

namespace hadal {

class GgufWriter {
 public:
  // Every entry as it is stored, bit for bit, except those that describe the old file's layout (split.*,
  // general.alignment).
  void copy_entries(const Metadata& metadata);

  // Adds an entry, or replaces the one with that key in its place.
  void set_u32(std::string_view key, uint32_t value);
  void set_i32(std::string_view key, int32_t value);
  void set_u64(std::string_view key, uint64_t value);
  void set_f32(std::string_view key, float value);
  void set_bool(std::string_view key, bool value);
  void set_string(std::string_view key, std::string_view value);
  void set_strings(std::string_view key, std::span<const std::string_view> values);
  void set_i32s(std::string_view key, std::span<const int32_t> values);
  void set_f32s(std::string_view key, std::span<const float> values);

  // shape: slowest axis first. Throws Error(invalid_argument, unsupported) for a name, shape or dtype that a GGUF
  // file cannot hold.
  void add_tensor(std::string_view name, Dtype dtype, std::span<const int64_t> shape);

  // Writes all that was announced; nothing can be added afterwards. `out` must outlive the calls below.
  void begin(ByteSink& out);
  // The next bytes of the tensors, in the order they were added, in pieces that do not cross from one to the next.
  void write(std::span<const std::byte> bytes);
  // Throws Error(invalid_argument) if a tensor lacks bytes.
  void finish();

 private:
  struct Announced {
    std::string name;
    uint32_t type;
    std::vector<int64_t> shape;
    uint64_t bytes;
  };
  void set(std::string_view key, std::string bytes);
  void pad();

  std::vector<std::string> entries_;                      // key, type and value as in the file
  std::unordered_map<std::string, size_t> entry_index_;   // by key
  std::vector<Announced> tensors_;
  std::unordered_set<std::string> tensor_names_;
  ByteSink* out_ = nullptr;
  uint64_t written_ = 0;          // bytes of the file so far
  size_t current_ = 0;            // the tensor that the next bytes belong to
  uint64_t given_ = 0;            // bytes of it so far
};

}  // namespace hadal
