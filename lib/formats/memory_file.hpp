// A File over memory that somebody else keeps alive: what hadal_model_open_source gives for a model in memory.
#pragma once

#include <algorithm>
#include <span>

#include "core/host.hpp"
#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t size() const override { return bytes_.size(); }
  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset)
      throw Error(Status::io, message("memory of ", bytes_.size(), " bytes: cannot read ", out.size(), " at ", offset));
    std::copy_n(bytes_.begin() + ptrdiff_t(offset), out.size(), out.begin());
  }
  std::span<const std::byte> map() override { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace hadal
