#include <doctest/doctest.h>

#include "core/status.hpp"
#include "unit/graph/toy_backend.hpp"

namespace hadal {

// The list of this test: the real one stands in backends/.
std::span<const BackendEntry> backend_list() {
  static constexpr auto make = [](const BackendOptions&) -> std::unique_ptr<Backend> {
    return std::make_unique<test::ToyBackend>(false);
  };
  static constexpr BackendEntry kList[] = {{"absent", [] { return false; }, make}, {"toy", [] { return true; }, make}};
  return kList;
}

TEST_CASE("the first usable backend is taken, and a named one is honoured or refused, never replaced") {
  const auto status = [](std::string_view wanted) {
    try {
      open_backend(wanted, {});
    } catch (const Error& error) {
      return error.status();
    }
    return Status::ok;
  };
  CHECK(open_backend("", {})->name() == "toy");
  CHECK(open_backend("toy", {})->name() == "toy");
  CHECK(status("absent") == Status::unsupported);
  CHECK(status("cuda") == Status::not_found);
}

}  // namespace hadal
