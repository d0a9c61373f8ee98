// hadal_runtime_*.
#include "api/handles.hpp"
#include "api/host.hpp"

using namespace hadal;
using namespace hadal::api;

std::shared_ptr<Runtime> hadal::api::runtime_or_default(hadal_runtime* handle, std::string_view options) {
  if (handle) return handle->runtime;
  // Of all given keys the runtime's own matter here; the others were checked with them.
  Options given;
  given.merge(options, OptionLevel::runtime);
  return std::make_shared<Runtime>(system_host(), std::move(given), nullptr);
}

namespace {

template <class Text>
hadal_status create(const hadal_host* host, Text options, hadal_runtime** out) noexcept {
  return guard([&]() -> hadal_status {
    required(out, "out");
    Options parsed;
    parsed.merge(optional_text(options), OptionLevel::runtime);
    auto provider = make_host(host);
    auto runner = make_runner(provider);
    auto handle = std::make_unique<hadal_runtime>();
    handle->runtime = std::make_shared<Runtime>(std::move(provider), std::move(parsed), std::move(runner));
    *out = handle.release();
    return HADAL_OK;
  });
}

}  // namespace

hadal_status hadal_runtime_create(const hadal_host* host, const char* options, hadal_runtime** out) {
  return create(host, options, out);
}

hadal_status hadal_runtime_create16(const hadal_host* host, const uint16_t* options, hadal_runtime** out) {
  return create(host, options, out);
}

hadal_status hadal_runtime_step(hadal_runtime* handle, int64_t budget_us, int32_t* state) {
  return guard([&]() -> hadal_status {
    const std::shared_ptr<Runtime> runtime = required(handle, "runtime").runtime;
    const Kept kept(handle);
    const Claim claim(handle->occupancy, "runtime");
    const int32_t bits = runtime->step(deadline_after(*runtime->host(), budget_us));
    if (state) *state = bits;
    return HADAL_OK;
  });
}

hadal_runtime* hadal_runtime_retain(hadal_runtime* runtime) { return retain(runtime); }
void hadal_runtime_release(hadal_runtime* runtime) { release(runtime); }
