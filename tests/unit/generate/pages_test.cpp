#include <doctest/doctest.h>

#include <cstring>

#include "core/status.hpp"
#include "generate/pages.hpp"
#include "graph/batch.hpp"

using namespace hadal;

namespace {

constexpr int64_t kPage = CacheLayout::kPageTokens;

// Counts blocks and can refuse them.
class CountingHost final : public Host {
 public:
  void* allocate(size_t size, size_t alignment) override {
    if (allowed == 0) return nullptr;
    --allowed;
    ++blocks;
    return system->allocate(size, alignment);
  }
  void free(void* block, size_t size, size_t alignment) noexcept override {
    if (block) --blocks;
    system->free(block, size, alignment);
  }
  std::unique_ptr<File> open(const std::string& path) override { return system->open(path); }
  int64_t now_ns() override { return 0; }
  void log(LogLevel, std::string_view) override {}
  std::shared_ptr<Host> system = system_host();
  int blocks = 0;
  int allowed = 1000;
};

}  // namespace

TEST_CASE("all pages of a timeline are allocated when it is made and go back when it ends") {
  const auto host = std::make_shared<CountingHost>();
  const auto pool = std::make_shared<PagePool>(host, 256);
  {
    PageTable table(pool, 3 * kPage - 1);
    CHECK(host->blocks == 3);
    table.prepare(0, 1);
    table.prepare(1, 3 * kPage - 1);
    CHECK(table.pages().size() == 3);
    CHECK(host->blocks == 3);
    table.truncate(kPage);
    CHECK(table.pages().size() == 1);
  }
  CHECK(host->blocks == 0);
}

TEST_CASE("new pages are zero even when they were used before") {
  const auto pool = std::make_shared<PagePool>(system_host(), 256);
  PageTable table(pool, kPage);
  table.prepare(0, 1);
  std::memset(table.pages()[0], 0xFF, 256);
  table.truncate(0);
  table.prepare(0, 1);
  for (int i = 0; i < 256; ++i) CHECK(table.pages()[0][i] == std::byte{0});
}

TEST_CASE("shared pages are copied by the one that writes") {
  const auto host = std::make_shared<CountingHost>();
  const auto pool = std::make_shared<PagePool>(host, 64);
  PageTable first(pool, 2 * kPage), second(pool, 2 * kPage);
  CHECK(host->blocks == 4);
  first.prepare(0, kPage + 1);
  first.pages()[0][0] = std::byte{1};
  first.pages()[1][0] = std::byte{2};
  second.share(first, kPage + 1);
  CHECK(second.pages()[0] == first.pages()[0]);
  second.prepare(kPage + 1, kPage + 2);
  CHECK(second.pages()[0] == first.pages()[0]);
  CHECK(second.pages()[1] != first.pages()[1]);
  CHECK(second.pages()[1][0] == std::byte{2});
  second.pages()[1][0] = std::byte{3};
  CHECK(first.pages()[1][0] == std::byte{2});
  // The other is now alone with its page and writes in place.
  const std::byte* before = first.pages()[1];
  first.prepare(kPage + 1, kPage + 2);
  CHECK(first.pages()[1] == before);
  CHECK(host->blocks == 4);
}

TEST_CASE("a reservation that fails leaves everything as it was") {
  const auto host = std::make_shared<CountingHost>();
  const auto pool = std::make_shared<PagePool>(host, 64);
  PageTable first(pool, kPage);
  host->allowed = 2;
  CHECK_THROWS_AS(PageTable(pool, 3 * kPage), Error);
  CHECK(host->blocks == 1);
  host->allowed = 3;
  { PageTable second(pool, 3 * kPage); }
  CHECK(host->blocks == 1);
}
