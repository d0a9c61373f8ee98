#include "generate/pages.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "graph/batch.hpp"

namespace hadal {

size_t pages_for(int64_t tokens) { return size_t((tokens + CacheLayout::kPageTokens - 1) / CacheLayout::kPageTokens); }

void PagePool::reserve(size_t pages) {
  const std::lock_guard lock(mutex_);
  pages_.reserve(reserved_ + pages);
  free_.reserve(reserved_ + pages);
  const size_t before = pages_.size();
  try {
    while (pages_.size() < reserved_ + pages) {
      auto page = std::make_unique<Page>();
      page->memory = Buffer(host_, page_bytes_, "key/value cache");
      free_.push_back(page.get());
      pages_.push_back(std::move(page));
    }
  } catch (...) {
    free_.resize(free_.size() - (pages_.size() - before));
    pages_.resize(before);
    throw;
  }
  reserved_ += pages;
}

void PagePool::unreserve(size_t pages) noexcept {
  const std::lock_guard lock(mutex_);
  reserved_ -= pages;
  // Pages over the reservations go back to the host at once; shared ones were counted for each user, so all of the
  // surplus is free.
  while (pages_.size() > reserved_ && !free_.empty()) {
    const Page* page = free_.back();
    free_.pop_back();
    const auto at = std::find_if(pages_.begin(), pages_.end(), [&](const auto& p) { return p.get() == page; });
    std::swap(*at, pages_.back());
    pages_.pop_back();
  }
}

PagePool::Page* PagePool::take() {
  const std::lock_guard lock(mutex_);
  assert(!free_.empty() && "every timeline reserves its pages");
  Page* page = free_.back();
  free_.pop_back();
  page->users = 1;
  return page;
}

PagePool::Page* PagePool::take_zeroed() {
  Page* page = take();
  std::memset(page->memory.data(), 0, page_bytes_);
  return page;
}

PagePool::Page* PagePool::take_copy(const Page& from) {
  Page* page = take();
  std::memcpy(page->memory.data(), from.memory.data(), page_bytes_);
  return page;
}

void PagePool::share(Page& page) {
  const std::lock_guard lock(mutex_);
  ++page.users;
}

void PagePool::drop(Page& page) noexcept {
  const std::lock_guard lock(mutex_);
  if (--page.users == 0) free_.push_back(&page);
}

size_t PagePool::allocated() const {
  const std::lock_guard lock(mutex_);
  return pages_.size() * page_bytes_;
}

PageTable::PageTable(std::shared_ptr<PagePool> pool, int64_t capacity_tokens)
    : pool_(std::move(pool)), capacity_tokens_(capacity_tokens) {
  const size_t pages = pages_for(capacity_tokens);
  pages_.reserve(pages);
  data_.reserve(pages);
  pool_->reserve(pages);
}

PageTable::~PageTable() {
  truncate(0);
  pool_->unreserve(pages_for(capacity_tokens_));
}

void PageTable::prepare(int64_t from, int64_t to) {
  assert(to <= capacity_tokens_);
  const size_t first = size_t(from / CacheLayout::kPageTokens);
  for (size_t i = first; i < pages_for(to); ++i) {
    if (i == pages_.size()) {
      pages_.push_back(pool_->take_zeroed());
      data_.push_back(pages_[i]->memory.data());
    } else if (pages_[i]->users > 1) {
      PagePool::Page* own = pool_->take_copy(*pages_[i]);
      pool_->drop(*pages_[i]);
      pages_[i] = own;
      data_[i] = own->memory.data();
    }
  }
}

void PageTable::truncate(int64_t tokens) noexcept {
  while (pages_.size() > pages_for(tokens)) {
    pool_->drop(*pages_.back());
    pages_.pop_back();
    data_.pop_back();
  }
}

void PageTable::share(const PageTable& other, int64_t tokens) {
  assert(tokens <= capacity_tokens_);
  truncate(0);
  for (size_t i = 0; i < pages_for(tokens); ++i) {
    pool_->share(*other.pages_[i]);
    pages_.push_back(other.pages_[i]);
    data_.push_back(other.data_[i]);
  }
}

}  // namespace hadal
