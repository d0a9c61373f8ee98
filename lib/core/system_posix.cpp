#include "core/system.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace hadal {
namespace {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    blocked_ = pthread_sigmask(SIG_SETMASK, &all, &before_) == 0;
  }
  ~SignalsBlocked() {
    if (blocked_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
  bool blocked_ = false;
};

}  // namespace

int usable_processors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, int(std::thread::hardware_concurrency()));
}

uint64_t available_memory() {
#if defined(__linux__)
  const int file = ::open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[2048];
  const ssize_t size = ::read(file, text, sizeof text);
  ::close(file);
  constexpr std::string_view kKey = "MemAvailable:";
  const std::string_view all(text, size > 0 ? size_t(size) : 0);
  const size_t at = all.find(kKey);
  if (at == std::string_view::npos) return 0;
  const size_t digits = all.find_first_not_of(' ', at + kKey.size());
  uint64_t kilobytes = 0;
  if (digits != std::string_view::npos) std::from_chars(all.data() + digits, all.data() + all.size(), kilobytes);
  return kilobytes * 1024;
#else
  return 0;
#endif
}

void prefer_large_pages([[maybe_unused]] void* block, [[maybe_unused]] size_t size) noexcept {
#if defined(MADV_HUGEPAGE)
  ::madvise(block, size, MADV_HUGEPAGE);
#endif
}

void start_without_signals(FunctionRef<void()> start) {
  const SignalsBlocked blocked;
  start();
}

void name_this_thread([[maybe_unused]] const std::string& name) {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
#endif
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::FILE* create_file(const std::string& path) { return std::fopen(path.c_str(), "wb"); }

bool replace_file(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0;
}

void remove_file(const std::string& path) noexcept { std::remove(path.c_str()); }

}  // namespace hadal
