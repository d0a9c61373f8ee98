// The operating system's files through Win32: UTF-16 paths, positional reads, sections mapped whole.
#include <algorithm>
#include <limits>

#include "core/host.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "core/wide_text_windows.hpp"

namespace hadal {
namespace {

// Our own words, because FormatMessage() speaks the user's language and ends its lines.
std::string reason(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND: case ERROR_PATH_NOT_FOUND: case ERROR_INVALID_NAME: case ERROR_BAD_PATHNAME:
    case ERROR_INVALID_DRIVE: case ERROR_BAD_NETPATH: case ERROR_BAD_NET_NAME: case ERROR_DIRECTORY:
      return "no such file";
    case ERROR_ACCESS_DENIED: return "permission denied";
    case ERROR_SHARING_VIOLATION: case ERROR_LOCK_VIOLATION: return "another program keeps it to itself";
    case ERROR_TOO_MANY_OPEN_FILES: return "too many open files";
    case ERROR_FILENAME_EXCED_RANGE: return "the path is too long";
    case ERROR_NOT_READY: return "the drive is not ready";
    case ERROR_CRC: case ERROR_IO_DEVICE: case ERROR_READ_FAULT: return "the device failed to read";
    default: return message("system error ", error);
  }
}

[[noreturn]] void fail_to_open(const std::string& path, const std::string& why, bool absent) {
  throw Error(absent ? Status::not_found : Status::io, message(quoted(path), ": cannot open: ", why));
}

class Handle {
 public:
  Handle() = default;
  explicit Handle(HANDLE handle) : handle_(handle) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (*this) CloseHandle(handle_);
  }
  explicit operator bool() const { return handle_ != nullptr && handle_ != INVALID_HANDLE_VALUE; }
  HANDLE get() const { return handle_; }

 private:
  HANDLE handle_ = nullptr;
};

class SystemFile final : public File {
 public:
  // Others may read, replace and delete the file meanwhile, as they may on other systems.
  SystemFile(const std::string& path, const std::wstring& wide_name)
      : path_(path),
        file_(CreateFileW(wide_name.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                          OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr)) {
    if (!file_) {
      const DWORD error = GetLastError();
      const DWORD attributes = GetFileAttributesW(wide_name.c_str());
      if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        fail_to_open(path, "it is a folder", false);
      const std::string why = reason(error);
      fail_to_open(path, why, why == "no such file" || error == ERROR_FILENAME_EXCED_RANGE);
    }
    LARGE_INTEGER size = {};
    if (GetFileType(file_.get()) != FILE_TYPE_DISK || !GetFileSizeEx(file_.get(), &size) || size.QuadPart < 0)
      throw Error(Status::io, message(quoted(path), ": expected a regular file"));
    size_ = uint64_t(size.QuadPart);
  }

  ~SystemFile() override {
    if (memory_) UnmapViewOfFile(memory_);
  }

  uint64_t size() const override { return size_; }

  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset)
      throw Error(Status::io, message(quoted(path_), ": cannot read ", out.size(), " bytes at ", offset, ": the file has ",
                                      size_));
    while (!out.empty()) {
      const DWORD step = DWORD(std::min(out.size(), size_t{1} << 30));
      OVERLAPPED at = {};   // gives the position, so that several threads may read one handle
      at.Offset = DWORD(offset);
      at.OffsetHigh = DWORD(offset >> 32);
      DWORD got = 0;
      if (!ReadFile(file_.get(), out.data(), step, &got, &at)) {
        const DWORD error = GetLastError();
        if (error != ERROR_HANDLE_EOF)
          throw Error(Status::io, message(quoted(path_), ": cannot read at byte ", offset, ": ", reason(error)));
        got = 0;
      }
      if (got == 0) throw Error(Status::io, message(quoted(path_), ": the file became shorter than ", size_, " bytes"));
      out = out.subspan(got);
      offset += got;
    }
  }

  // Empty in a 32-bit process without that much address space in one piece: the file is then read instead.
  std::span<const std::byte> map() override {
    if (!memory_) {
      if (size_ == 0 || size_ > std::numeric_limits<size_t>::max()) return {};
      const Handle section(CreateFileMappingW(file_.get(), nullptr, PAGE_READONLY, 0, 0, nullptr));
      if (section) memory_ = MapViewOfFile(section.get(), FILE_MAP_READ, 0, 0, size_t(size_));
      if (!memory_) return {};
    }
    return {static_cast<const std::byte*>(memory_), size_t(size_)};
  }

  // Unlocking pages that were never locked takes them out of the working set.
  void forget(uint64_t offset, uint64_t size) override {
    if (!memory_ || offset >= size_) return;
    auto* first = static_cast<std::byte*>(memory_) + offset;
    VirtualUnlock(first, size_t(std::min(size, size_ - offset)));
  }

 private:
  std::string path_;
  Handle file_;
  uint64_t size_ = 0;
  void* memory_ = nullptr;
};

}  // namespace

std::unique_ptr<File> open_system_file(const std::string& path) {
  if (path.find('\0') != std::string::npos)
    throw Error(Status::invalid_argument, message(quoted(path), ": a path cannot contain a NUL byte"));
  return std::make_unique<SystemFile>(path, wide_path(path));
}

}  // namespace hadal
