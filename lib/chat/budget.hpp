// What one rendering may spend. A template is somebody else's program: without a bound it could loop for ever or grow
// a string until the host dies, so every evaluated node and every produced byte is paid for here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::jinja {

class Budget {
 public:
  static constexpr uint64_t kSteps = 20'000'000;             // real templates need a few hundred per message
  static constexpr uint64_t kTextBytes = uint64_t{256} << 20;  // all strings produced, besides a share of the input
  static constexpr size_t kLongestText = size_t{64} << 20;   // one string, and the output

  explicit Budget(uint64_t input_bytes) : bytes_(kTextBytes + 64 * input_bytes) {}

  void step(uint64_t count = 1) {
    if (count > steps_) throw Error(Status::unsupported, "the template runs past its step limit");
    steps_ -= count;
  }

  // To be asked before the bytes are allocated.
  void text(uint64_t bytes) {
    if (bytes > kLongestText)
      throw Error(Status::unsupported, message("the template makes a text of ", bytes, " bytes, the limit is ", kLongestText));
    if (bytes > bytes_) throw Error(Status::unsupported, "the template runs past its memory limit");
    bytes_ -= bytes;
    step(bytes / 256);
  }

  // Slots of a list or a dict.
  void items(uint64_t count) { text(count > kLongestText ? kLongestText + 1 : count * 32); }

 private:
  uint64_t steps_ = kSteps;
  uint64_t bytes_;
};

}  // namespace hadal::jinja
