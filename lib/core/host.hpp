// What the program around us provides: memory, files, time and a log. Every block whose size depends on a model
// or a context comes from Host::allocate; small bookkeeping uses the C++ heap. lib/api makes a Host out of the
// caller's hadal_host; system_host() is the one used when there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hadal {

enum class LogLevel : int32_t { debug = 0, info = 1, warning = 2, error = 3 };

// An open file. Reading is positional, so one File may be read by several threads.
class File {
 public:
  virtual ~File() = default;
  virtual uint64_t size() const = 0;
  // Fills all of `out` from `offset`; throws Error(io) if that many bytes are not there.
  virtual void read(uint64_t offset, std::span<std::byte> out) const = 0;
  // The whole file as read-only memory that lives as long as this File, or an empty span if it cannot be mapped.
  virtual std::span<const std::byte> map() { return {}; }
  // Tells the system that mapped bytes in this range will not be needed soon; they stay readable.
  virtual void forget(uint64_t offset, uint64_t size) { (void)offset, (void)size; }
};

class Host {
 public:
  virtual ~Host() = default;
  // Memory of `size` bytes at a multiple of `alignment` (a power of two), or nullptr. Contents undefined.
  virtual void* allocate(size_t size, size_t alignment) = 0;
  // size and alignment are those of the allocation. nullptr is fine.
  virtual void free(void* block, size_t size, size_t alignment) noexcept = 0;
  // path is UTF-8. Throws Error(not_found) or Error(io).
  virtual std::unique_ptr<File> open(const std::string& path) = 0;
  // Monotonic.
  virtual int64_t now_ns() = 0;
  virtual void log(LogLevel level, std::string_view text) = 0;
};

// malloc, the operating system's files and clock, a silent log. Never destroyed before the last user.
std::shared_ptr<Host> system_host();

// A file of the operating system, as system_host().open() gives it.
std::unique_ptr<File> open_system_file(const std::string& path);

}  // namespace hadal
