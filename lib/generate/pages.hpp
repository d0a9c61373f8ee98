// Cache memory in pages of CacheLayout::kPageTokens positions. Pages are counted, shared between timelines with the
// same past, and copied when one of them writes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/buffer.hpp"
#include "core/host.hpp"

namespace hadal {

// All pages of one model. Room is reserved when a session is made, so that taking a page while generating neither
// allocates nor fails.
class PagePool {
 public:
  PagePool(std::shared_ptr<Host> host, size_t page_bytes) : host_(std::move(host)), page_bytes_(page_bytes) {}
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  struct Page {
    Buffer memory;
    std::atomic<int32_t> users = 0;
  };

  // Throws Error(out_of_memory); nothing is reserved then.
  void reserve(size_t pages);
  void unreserve(size_t pages) noexcept;

  Page* take_zeroed();
  Page* take_copy(const Page& page);
  void share(Page& page);
  void drop(Page& page) noexcept;

  size_t page_bytes() const { return page_bytes_; }
  size_t allocated() const;

 private:
  Page* take();

  std::shared_ptr<Host> host_;
  size_t page_bytes_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<Page*> free_;
  size_t reserved_ = 0;
};

// The pages of one timeline.
class PageTable {
 public:
  // Throws Error(out_of_memory).
  PageTable(std::shared_ptr<PagePool> pool, int64_t capacity_tokens);
  ~PageTable();
  PageTable(const PageTable&) = delete;
  PageTable& operator=(const PageTable&) = delete;

  // Makes positions [from, to) writable: pages that others use too are copied, missing ones are taken.
  void prepare(int64_t from, int64_t to);
  // Gives back pages that hold no position below `tokens`.
  void truncate(int64_t tokens) noexcept;
  // Becomes a second user of the pages of `other` that hold positions below `tokens`.
  void share(const PageTable& other, int64_t tokens);

  std::span<std::byte* const> pages() const { return data_; }
  size_t page_bytes() const { return pool_->page_bytes(); }
  size_t bytes() const { return data_.size() * pool_->page_bytes(); }
  int64_t capacity_tokens() const { return capacity_tokens_; }

 private:
  std::shared_ptr<PagePool> pool_;
  int64_t capacity_tokens_;
  std::vector<PagePool::Page*> pages_;
  std::vector<std::byte*> data_;   // beside pages_, as Batch wants it
};

// Pages that hold this many tokens.
size_t pages_for(int64_t tokens);

}  // namespace hadal
