// The operating system's files through POSIX.
#if !defined(_FILE_OFFSET_BITS)
#define _FILE_OFFSET_BITS 64   // 32-bit systems: files beyond 2 GiB
#endif

#include "core/host.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

// Our own words, because strerror() follows the program's locale.
std::string reason(int error) {
  switch (error) {
    case ENOENT: return "no such file";
    case ENOTDIR: return "no such file";
    case EACCES: case EPERM: return "permission denied";
    case EISDIR: return "it is a folder";
    case EMFILE: case ENFILE: return "too many open files";
    case ENAMETOOLONG: return "the path is too long";
    case ELOOP: return "too many symbolic links";
    case EIO: return "the device failed to read";
    default: return message("system error ", error);
  }
}

[[noreturn]] void fail_to_open(const std::string& path, int error) {
  const bool absent = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
  throw Error(absent ? Status::not_found : Status::io, message(quoted(path), ": cannot open: ", reason(error)));
}

class SystemFile final : public File {
 public:
  explicit SystemFile(const std::string& path) : path_(path) {
    if (path.find('\0') != std::string::npos)
      throw Error(Status::invalid_argument, message(quoted(path), ": a path cannot contain a NUL byte"));
    // Non-blocking, so that a pipe without a writer is refused below instead of hanging the host.
    do descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (descriptor_ < 0 && errno == EINTR);
    if (descriptor_ < 0) fail_to_open(path, errno);
    struct stat about = {};
    const int error = ::fstat(descriptor_, &about) != 0 ? errno : S_ISDIR(about.st_mode) ? EISDIR : 0;
    if (error != 0 || !S_ISREG(about.st_mode) || about.st_size < 0) {
      ::close(descriptor_);
      if (error != 0) fail_to_open(path, error);
      throw Error(Status::io, message(quoted(path), ": expected a regular file"));
    }
    size_ = uint64_t(about.st_size);
  }

  SystemFile(const SystemFile&) = delete;
  SystemFile& operator=(const SystemFile&) = delete;

  ~SystemFile() override {
    if (mapping_) ::munmap(mapping_, size_t(size_));
    ::close(descriptor_);
  }

  uint64_t size() const override { return size_; }

  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset)
      throw Error(Status::io, message(quoted(path_), ": cannot read ", out.size(), " bytes at ", offset, ": the file has ",
                                      size_));
    while (!out.empty()) {
      const size_t step = std::min(out.size(), size_t{1} << 30);
      const ssize_t got = ::pread(descriptor_, out.data(), step, off_t(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        throw Error(Status::io, message(quoted(path_), ": cannot read at byte ", offset, ": ", reason(errno)));
      if (got == 0) throw Error(Status::io, message(quoted(path_), ": the file became shorter than ", size_, " bytes"));
      out = out.subspan(size_t(got));
      offset += uint64_t(got);
    }
  }

  std::span<const std::byte> map() override {
    if (!mapping_) {
      if (size_ == 0 || size_ > std::numeric_limits<size_t>::max()) return {};
      void* memory = ::mmap(nullptr, size_t(size_), PROT_READ, MAP_PRIVATE, descriptor_, 0);
      if (memory == MAP_FAILED) return {};
      mapping_ = memory;
    }
    return {static_cast<const std::byte*>(mapping_), size_t(size_)};
  }

  void forget(uint64_t offset, uint64_t size) override {
    if (!mapping_ || offset >= size_) return;
    // Reading a page maps what is cached around it too: 64 KiB, or all of a large folio, but never beyond the 2 MiB of a
    // page table (seen on Linux 6.18). So much goes with the range on both sides, or pieces forgotten one by one would
    // leave a good part of the file resident.
    constexpr uintptr_t kAround = 2 << 20;
    const auto first = reinterpret_cast<uintptr_t>(mapping_), begin = first + uintptr_t(offset);
    const uintptr_t end = begin + uintptr_t(std::min(size, size_ - offset));
    const uintptr_t from = std::max(first, begin / kAround * kAround);
    const uintptr_t to = std::min(first + uintptr_t(size_), (end + kAround - 1) / kAround * kAround);
    ::madvise(reinterpret_cast<void*>(from), size_t(to - from), MADV_DONTNEED);
  }

 private:
  std::string path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  void* mapping_ = nullptr;
};

}  // namespace

std::unique_ptr<File> open_system_file(const std::string& path) { return std::make_unique<SystemFile>(path); }

}  // namespace hadal
