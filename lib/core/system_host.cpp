// The host of a program that brings none: operator new, the system's files, the steady clock, a silent log.
#include <chrono>
#include <new>

#include "core/host.hpp"
#include "core/system.hpp"

namespace hadal {
namespace {

class SystemHost final : public Host {
 public:
  void* allocate(size_t size, size_t alignment) override {
    void* block = ::operator new(size, std::align_val_t{alignment}, std::nothrow);
    // Who aligns to a huge page wants such pages: streaming weights is a fifth faster with them.
    constexpr size_t kHugePage = size_t{2} << 20;
    if (block && alignment >= kHugePage) prefer_large_pages(block, size / kHugePage * kHugePage);
    return block;
  }
  void free(void* block, size_t, size_t alignment) noexcept override {
    ::operator delete(block, std::align_val_t{alignment});
  }
  std::unique_ptr<File> open(const std::string& path) override { return open_system_file(path); }
  int64_t now_ns() override {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
  }
  void log(LogLevel, std::string_view) override {}
};

}  // namespace

std::shared_ptr<Host> system_host() { return std::make_shared<SystemHost>(); }

}  // namespace hadal
