// An owned block of host memory.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "core/host.hpp"
#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

class Buffer {
 public:
  static constexpr size_t kAlignment = 64;

  Buffer() = default;
  // Throws Error(out_of_memory) naming `purpose`. Contents undefined. A size of 0 owns nothing.
  Buffer(std::shared_ptr<Host> host, size_t size, std::string_view purpose, size_t alignment = kAlignment)
      : host_(std::move(host)), size_(size), alignment_(alignment) {
    if (size == 0) return;
    data_ = static_cast<std::byte*>(host_->allocate(size, alignment));
    if (!data_) throw Error(Status::out_of_memory, message(purpose, ": cannot allocate ", size, " bytes"));
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Buffer() {
    if (data_) host_->free(data_, size_, alignment_);
  }

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(alignment_, other.alignment_);
  }

  std::shared_ptr<Host> host_;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t alignment_ = kAlignment;
};

}  // namespace hadal
