#include "graph/backend.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

std::unique_ptr<Backend> open_backend(std::string_view wanted, const BackendOptions& options) {
  for (const BackendEntry& entry : backend_list()) {
    if (!wanted.empty() && entry.name != wanted) continue;
    if (entry.usable()) return entry.make(options);
    if (!wanted.empty())
      throw Error(Status::unsupported, message("backend ", quoted(wanted), " cannot run on this machine"));
  }
  throw Error(Status::not_found, message("no backend ", quoted(wanted), " in this build"));
}

}  // namespace hadal
