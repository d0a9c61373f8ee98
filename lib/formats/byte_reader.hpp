// A cursor over bytes nobody has checked: little-endian numbers and length-prefixed strings, each refused with its
// place if the bytes end first.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

static_assert(std::endian::native == std::endian::little, "GGUF and safetensors are read without swapping bytes");

class ByteReader {
 public:
  // `file` stands first in every error and must outlive the reader.
  ByteReader(std::string_view file, std::span<const std::byte> bytes) : file_(file), bytes_(bytes) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }

  template <class T>
  T number(std::string_view thing) {
    T value;
    std::memcpy(&value, take(sizeof value, thing), sizeof value);
    return value;
  }

  // A u64 length and that many bytes, still in place.
  std::string_view string(std::string_view thing) {
    const uint64_t length = number<uint64_t>(thing);
    return {reinterpret_cast<const char*>(take(length, thing)), size_t(length)};
  }

  // The next `count` bytes; a count of any size is safe.
  const std::byte* take(uint64_t count, std::string_view thing) {
    if (count > remaining())
      fail(message(thing, " at byte ", position_, " needs ", count, " bytes, found ", remaining()));
    const std::byte* here = bytes_.data() + position_;
    position_ += size_t(count);
    return here;
  }

  [[noreturn]] void fail(std::string_view sentence) const {
    throw Error(Status::corrupt, message(file_, ": ", sentence));
  }

 private:
  std::string_view file_;
  std::span<const std::byte> bytes_;
  size_t position_ = 0;
};

}  // namespace hadal
