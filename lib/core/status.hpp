// Failures inside the library: one kind and one sentence. Cold paths throw Error; lib/api turns it into a
// hadal_status at the border, so the numbers here are those of hadal.h.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace hadal {

enum class Status : int32_t {
  ok = 0,
  again = 1,              // nothing ready yet
  end = 2,                // nothing more to come
  invalid_argument = -1,  // the caller's value is wrong
  not_found = -2,         // no such file, tensor, key or name
  unsupported = -3,       // well formed, but not something this build or model can do
  corrupt = -4,           // bytes from a file that contradict their format
  out_of_memory = -5,     // an allocation failed or a memory limit would be passed
  io = -6,                // the operating system or a host callback failed to read or write
  busy = -7,              // another thread is using the handle
  cancelled = -8,         // *_cancel or a progress callback asked to stop
  context_full = -9,      // the tokens do not fit the session's context
  numeric = -10,          // the model produced NaN or infinity
  device = -11,           // a backend failed
  internal = -12,         // a mistake of ours
};

class Error : public std::exception {
 public:
  Error(Status status, std::string message) : status_(status), message_(std::move(message)) {}
  Status status() const noexcept { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Status status_;
  std::string message_;
};

}  // namespace hadal
