// Collects what a writer writes; can fail after a number of bytes.
#pragma once

#include <cstdint>
#include <string>

#include "core/status.hpp"
#include "formats/byte_sink.hpp"

namespace hadal::test {

struct MemorySink final : ByteSink {
  std::string text;
  uint64_t room = UINT64_MAX;

  void write(std::span<const std::byte> bytes) override {
    if (bytes.size() > room - text.size()) throw Error(Status::io, "the test's sink is full");
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
};

}  // namespace hadal::test
