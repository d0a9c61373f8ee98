// What one rendering may spend. A template is somebody else's program: without a bound it could loop for ever or grow
// a string until the host dies, so every evaluated node and every produced byte is paid for here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::jinja {

class Budget {
 public:
  // Each limit has a floor and grows with the conversation: published templates need a few hundred steps a message and
  // copy a message a few times.
  explicit Budget(uint64_t input_bytes)
      : steps_(4'000'000 + 32 * input_bytes), bytes_((uint64_t{64} << 20) + 64 * input_bytes),
        longest_((uint64_t{16} << 20) + 4 * input_bytes) {}

  void step(uint64_t count = 1) {
    if (count > steps_) throw Error(Status::unsupported, "the template runs past its step limit");
    steps_ -= count;
  }

  // For a text that grows: not too long yet.
  void fits(uint64_t bytes) const {
    if (bytes > longest_)
      throw Error(Status::unsupported,
                  message("the template makes a text of ", bytes, " bytes, the limit is ", longest_));
  }

  // To be asked before the bytes are allocated.
  void text(uint64_t bytes) {
    fits(bytes);
    if (bytes > bytes_) throw Error(Status::unsupported, "the template runs past its memory limit");
    bytes_ -= bytes;
    step(bytes / 256);
  }

  // Slots of a list or a dict.
  void items(uint64_t count) { text(32 * std::min(count, longest_)); }

 private:
  uint64_t steps_, bytes_, longest_;
};

}  // namespace hadal::jinja
