// Where a writer puts its bytes, in order.
#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>

namespace hadal {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Takes all bytes or throws Error(io).
  virtual void write(std::span<const std::byte> bytes) = 0;
};

// A file that appears under its name only when it is complete: bytes go to "path.part", which commit() renames and
// the destructor otherwise removes. So a source file may be replaced by its own conversion.
class FileSink final : public ByteSink {
 public:
  explicit FileSink(std::string path);   // UTF-8; throws Error(io)
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override;
  void write(std::span<const std::byte> bytes) override;
  void commit();                         // throws Error(io); nothing is left behind then

 private:
  std::string path_, part_path_;
  std::FILE* file_ = nullptr;
};

}  // namespace hadal
