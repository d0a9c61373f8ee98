#include "ops/backends_under_test.hpp"

#include <doctest/doctest.h>

#include "backends/reference/reference.hpp"
#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::test {

Backend& reference() {
  static const std::unique_ptr<Backend> backend = hadal::reference::make({});
  return *backend;
}

std::vector<std::unique_ptr<Backend>> backends_under_test(const BackendOptions& options) {
  std::vector<std::unique_ptr<Backend>> backends;
  for (const BackendEntry& entry : backend_list()) {
    if (entry.name == "reference") continue;
    for (const char* level : {"scalar", "avx2", "avx512"}) {
      BackendOptions chosen = options;
      chosen.cpu = level;
      try {
        backends.push_back(entry.make(chosen));
        CHECK(backends.back()->level() == level);   // never a silent fallback
      } catch (const Error& error) {
        REQUIRE(error.status() == Status::unsupported);
        static std::string reported;
        if (reported.find(error.what()) == std::string::npos) MESSAGE("skipped: ", std::string(error.what()));
        reported += error.what();
      }
    }
  }
  return backends;
}

std::string label(const Backend& backend) { return message(backend.name(), " ", backend.level()); }

}  // namespace hadal::test
