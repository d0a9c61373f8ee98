// The backends of this build, best first, reference last. To add one, write its folder and its line here.
#include <array>

#include "backends/cpu/cpu_backend.hpp"
#include "backends/reference/reference.hpp"
#include "graph/backend.hpp"

namespace hadal {
namespace {

constexpr std::array kBackends = {
    BackendEntry{"cpu", [] { return true; }, make_cpu_backend},
    BackendEntry{"reference", reference::usable, reference::make},
};

}  // namespace

std::span<const BackendEntry> backend_list() { return kBackends; }

}  // namespace hadal
