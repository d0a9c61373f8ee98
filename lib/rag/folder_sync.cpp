// A base kept like a folder: what is new there comes in, what changed is indexed again, what moved keeps its vectors,
// what is gone goes. Only documents that came from this folder by sync are ever removed.
#include <chrono>
#include <filesystem>
#include <set>

#include "core/message.hpp"
#include "core/sha256.hpp"
#include "core/status.hpp"
#include "rag/file_pattern.hpp"
#include "rag/knowledge_base.hpp"
#include "rag/readers/document_kind.hpp"

namespace hadal::rag {
namespace {

namespace fs = std::filesystem;

struct Listed {
  int64_t bytes = 0, mtime_ns = 0;
};

std::string utf8_of(const fs::path& path) {
  const auto text = path.generic_u8string();
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

// Files of the folder by path; links to folders are not followed, names that begin with a dot are left out.
std::map<std::string, Listed> list_files(const fs::path& folder, const SyncSettings& settings) {
  std::map<std::string, Listed> out;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error), end;
  if (error) throw Error(Status::not_found, message("folder ", hadal::quoted(utf8_of(folder)), ": it cannot be read"));
  for (; at != end; at.increment(error)) {
    std::error_code ignored;
    const std::string name = utf8_of(at->path().filename());
    const bool is_folder = at->is_directory(ignored);
    if (name.starts_with('.') || (is_folder && (!settings.subfolders || at.depth() > 64))) {
      if (is_folder) at.disable_recursion_pending();
      continue;
    }
    if (is_folder || !at->is_regular_file(ignored)) continue;
    const std::string below = utf8_of(at->path().lexically_relative(folder));
    if (settings.include.empty() ? kind_by_name(name).empty() : !matches_any(settings.include, below)) continue;
    if (matches_any(settings.exclude, below)) continue;
    Listed listed;
    listed.bytes = int64_t(at->file_size(ignored));
    if (!ignored) {
      const auto when = at->last_write_time(ignored);
      if (!ignored)
        listed.mtime_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                              std::chrono::file_clock::to_sys(when).time_since_epoch()).count();
    }
    if (!ignored) out.emplace(utf8_of(at->path()), listed);
  }
  // A failure ends the walk early: what was not seen is not known to be gone.
  if (error) throw Error(Status::io, message("folder ", hadal::quoted(utf8_of(folder)), ": reading it failed"));
  return out;
}

std::string file_hash(Host& host, const std::string& path) {
  const std::unique_ptr<File> file = host.open(path);
  Sha256 hash;
  std::vector<std::byte> part(1 << 20);
  for (uint64_t at = 0; at < file->size(); at += part.size()) {
    const size_t count = size_t(std::min<uint64_t>(part.size(), file->size() - at));
    file->read(at, std::span(part).first(count));
    hash.add(std::span<const std::byte>(part).first(count));
  }
  return hash.hex();
}

}  // namespace

SyncReport KnowledgeBase::sync(const std::string& given, const SyncSettings& settings, IndexProgress progress) {
  std::error_code error;
  fs::path folder = fs::absolute(fs::u8path(given), error).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();   // "docs/" is "docs"
  if (error || !fs::is_directory(folder, error))
    throw Error(Status::not_found, message("folder ", hadal::quoted(given), ": there is no such folder"));
  const std::string source = utf8_of(folder);
  const std::map<std::string, Listed> files = list_files(folder, settings);

  // What the base holds of this folder and is no longer at its place, by content.
  std::multimap<std::string, DocumentRecord> missing;
  std::map<std::string, DocumentRecord> known;
  for (const DocumentRecord& r : store_->documents()) {
    if (r.replaces != 0) continue;
    known.emplace(r.path, r);
    if (r.source == source && !files.contains(r.path)) missing.emplace(r.sha256, r);
  }

  SyncReport report;
  IndexStep step;
  step.of_documents = int64_t(files.size());
  std::set<int64_t> moved;
  for (const auto& [path, listed] : files) {
    try {
      const auto there = known.find(path);
      if (there != known.end()) {
        const DocumentRecord& r = there->second;
        const bool finished = r.status != DocumentStatus::pending;
        // A file that could not be read at all may be readable now.
        const bool unread = r.status == DocumentStatus::failed && r.sha256.empty();
        if (finished && !unread && r.bytes == listed.bytes && r.mtime_ns == listed.mtime_ns) {
          ++report.unchanged;
        } else {
          const std::string before = r.sha256;
          const int64_t id = index_file(path, r.source, step, progress);
          const auto now = store_->document(id);
          if (now && now->sha256 == before && finished) ++report.unchanged;
          else ++(now && now->status == DocumentStatus::failed ? report.failed : report.changed);
          if (now && now->mtime_ns != listed.mtime_ns) {
            DocumentRecord dated = *now;
            dated.mtime_ns = listed.mtime_ns;
            change(*store_, [&] { store_->change_document(dated); });
          }
        }
      } else {
        const auto same = missing.empty() ? missing.end() : missing.find(file_hash(*host_, path));
        // A title made of the file's name is part of what was embedded.
        if (same != missing.end() && same->second.status == DocumentStatus::done &&
            (same->second.title != stem_of(same->second.path) || stem_of(same->second.path) == stem_of(path))) {
          DocumentRecord r = same->second;
          r.path = path, r.mtime_ns = listed.mtime_ns;
          change(*store_, [&] { store_->change_document(r); });
          moved.insert(r.id);
          missing.erase(same);
          ++report.moved;
        } else {
          const int64_t id = index_file(path, source, step, progress);
          const auto now = store_->document(id);
          ++(now && now->status == DocumentStatus::failed ? report.failed : report.added);
        }
      }
    } catch (const Error& problem) {
      if (problem.status() == Status::io) {
        DocumentRecord r;
        r.path = path, r.source = source, r.bytes = listed.bytes, r.mtime_ns = listed.mtime_ns;
        keep_failure(r, problem.what());
        ++report.failed;
      } else if (problem.status() != Status::not_found) {   // not found: it went while we looked; the next sync sees that
        throw;
      }
    }
    ++step.documents;
  }

  for (const auto& entry : known) {
    const DocumentRecord& r = entry.second;
    if (r.source != source || files.contains(r.path) || moved.contains(r.id)) continue;
    change(*store_, [&] {
      for (const DocumentRecord& version : store_->documents_at(r.path)) store_->remove_document(version.id);
      store_->set_meta("unwiped", "1");
    });
    ++report.removed;
  }
  wipe_if_needed();
  return report;
}

}  // namespace hadal::rag
