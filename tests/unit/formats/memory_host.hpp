// A host whose files are byte strings in memory. It can refuse to map, fail reads after a number of bytes, and
// counts what it has lent.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <new>
#include <string>

#include "core/host.hpp"
#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::test {

class MemoryHost final : public Host {
 public:
  std::map<std::string, std::string> files;
  bool maps = true;
  uint64_t readable_bytes = UINT64_MAX;   // reads fail once this many have been given
  uint64_t allocatable_bytes = UINT64_MAX;
  size_t lent_bytes = 0, open_files = 0;

  void* allocate(size_t size, size_t alignment) override {
    if (size > allocatable_bytes) return nullptr;
    lent_bytes += size;
    return ::operator new(size, std::align_val_t{alignment});
  }
  void free(void* block, size_t size, size_t alignment) noexcept override {
    if (!block) return;
    lent_bytes -= size;
    ::operator delete(block, std::align_val_t{alignment});
  }
  std::unique_ptr<File> open(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) throw Error(Status::not_found, message(hadal::quoted(path), ": no such file"));
    return std::make_unique<OpenFile>(*this, found->second);
  }
  int64_t now_ns() override { return 0; }
  void log(LogLevel, std::string_view) override {}

 private:
  class OpenFile final : public File {
   public:
    OpenFile(MemoryHost& host, const std::string& text) : host_(host), bytes_(std::as_bytes(std::span(text))) {
      ++host_.open_files;
    }
    ~OpenFile() override { --host_.open_files; }
    uint64_t size() const override { return bytes_.size(); }
    void read(uint64_t offset, std::span<std::byte> out) const override {
      if (offset > bytes_.size() || out.size() > bytes_.size() - offset || out.size() > host_.readable_bytes)
        throw Error(Status::io, "the test's file cannot be read there");
      host_.readable_bytes -= out.size();
      std::copy_n(bytes_.begin() + ptrdiff_t(offset), out.size(), out.begin());
    }
    std::span<const std::byte> map() override { return host_.maps ? bytes_ : std::span<const std::byte>(); }

   private:
    MemoryHost& host_;
    std::span<const std::byte> bytes_;
  };
};

}  // namespace hadal::test
