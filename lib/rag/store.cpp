#include "rag/store.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::rag {

std::string_view name_of(DocumentStatus status) {
  switch (status) {
    case DocumentStatus::pending: return "pending";
    case DocumentStatus::done: return "done";
    default: return "failed";
  }
}

std::unique_ptr<Store> open_store(const std::string& path, bool create) {
  if (path.empty() || path == ":memory:") return make_memory_store();
#if defined(HADAL_WITH_SQLITE)
  return open_sqlite_store(path, create);
#else
  (void)create;
  throw Error(Status::unsupported, message("knowledge base ", quoted(path), ": this build keeps bases in memory only (it was made "
                                           "without SQLite); give an empty path"));
#endif
}

}  // namespace hadal::rag
