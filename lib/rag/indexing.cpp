// Documents into the store: a document becomes a pending row with its text, its chunks follow in small commits, and one
// last commit makes it findable. Whatever ends the process leaves a pending row from which the next attempt goes on.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/message.hpp"
#include "core/sha256.hpp"
#include "core/status.hpp"
#include "rag/knowledge_base.hpp"
#include "rag/readers/read_document.hpp"

namespace hadal::rag {
namespace {

constexpr size_t kChunksPerCommit = 32;

template <class Bytes>
std::string sha256_of(const Bytes& bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

std::string hash_of(std::string_view text) { return sha256_of(text).substr(0, 32); }

int64_t count_characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

void clear(DocumentRecord& r) { r.pages = r.characters = r.chunks = 0; }

[[noreturn]] void throw_cancelled() { throw Error(Status::cancelled, "indexing was cancelled; what was done is kept"); }

}  // namespace

std::string stem_of(std::string_view path) {
  const size_t slash = path.find_last_of("/\\");
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const size_t dot = name.rfind('.');
  return std::string(dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot));
}

// The row that takes this document's chunks: a new one, or a pending one of an earlier attempt at the same content.
int64_t KnowledgeBase::begin_document(const DocumentRecord& record, const Document& document, bool& nothing_to_do) {
  return change(*store_, [&] {
    nothing_to_do = false;
    int64_t old = 0, pending = 0;
    for (const DocumentRecord& r : store_->documents_at(record.path)) {
      if (r.replaces == 0 && r.status != DocumentStatus::pending) {
        old = r.id;
        if (r.status == DocumentStatus::done && r.sha256 == record.sha256 && r.title == record.title) {
          DocumentRecord same = r;
          same.mtime_ns = record.mtime_ns;
          store_->change_document(same);
          nothing_to_do = true;
        }
      } else if (r.sha256 == record.sha256 && r.title == record.title) {
        pending = r.id;
      } else {
        store_->remove_document(r.id);   // an attempt at content that has changed since
        store_->set_meta("unwiped", "1");
      }
    }
    if (nothing_to_do) {
      if (pending != 0) store_->remove_document(pending);
      return old;
    }
    if (pending != 0) return pending;
    DocumentRecord fresh = record;
    fresh.status = DocumentStatus::pending;
    fresh.replaces = old;
    fresh.characters = count_characters(document.text);
    fresh.pages = document.pages;
    fresh.reason.clear();
    const int64_t id = store_->add_document(fresh);
    store_->set_text(id, document.text);
    return id;
  });
}

void KnowledgeBase::add_chunks(int64_t id, const Document& document, std::string_view title, IndexStep& step,
                               IndexProgress progress) {
  class NoModel final : public Embedder {   // text search only: words are counted roughly
   public:
    int dimension() const override { return 0; }
    std::string fingerprint() const override { return {}; }
    int max_tokens() const override { return 1 << 20; }
    int count_tokens(std::string_view text) override { return int(text.size() / 4) + 1; }
    void embed(std::span<const std::string_view>, Purpose, std::span<float>) override {}
  } no_model;
  Embedder& embedder = embedder_ ? *embedder_ : static_cast<Embedder&>(no_model);
  const std::vector<Chunk> chunks = make_chunks(document, title, embedder);
  const size_t dimension = size_t(embedder.dimension());
  step.of_chunks = int64_t(chunks.size());

  // Of an earlier attempt, if it was cut the same way.
  const std::vector<ChunkRecord> there = store_->chunks(id);
  bool same = there.size() <= chunks.size();
  for (size_t i = 0; same && i < there.size(); ++i) same = there[i].from == chunks[i].from && there[i].to == chunks[i].to;
  if (!same) change(*store_, [&] { store_->remove_chunks(id); });

  for (size_t first = same ? there.size() : 0; first < chunks.size();) {
    step.chunks = int64_t(first);
    if (!progress(step)) throw_cancelled();
    const size_t count = std::min(kChunksPerCommit, chunks.size() - first);
    std::vector<std::string> hashes(count);
    std::vector<std::vector<float>> vectors(count);
    std::vector<size_t> missing;
    std::vector<std::string_view> texts;
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = hash_of(chunks[first + i].embedded);
      if (dimension == 0) continue;
      vectors[i] = store_->vector_of_hash(hashes[i]);
      if (vectors[i].size() == dimension) continue;
      missing.push_back(i);
      texts.push_back(chunks[first + i].embedded);
    }
    std::vector<float> made(texts.size() * dimension);
    if (!texts.empty()) embedder.embed(texts, Purpose::document, made);
    for (size_t k = 0; k < missing.size(); ++k)
      vectors[missing[k]].assign(made.begin() + ptrdiff_t(k * dimension), made.begin() + ptrdiff_t((k + 1) * dimension));

    first = change(*store_, [&]() -> size_t {
      // Another process may be at the same document: whoever comes second takes what is there.
      const auto now = store_->document(id);
      if (!now || now->status != DocumentStatus::pending) return chunks.size();
      const size_t present = size_t(now->chunks);
      for (size_t i = 0; i < count; ++i) {
        const Chunk& c = chunks[first + i];
        if (first + i < present) continue;
        const std::string_view text = std::string_view(document.text).substr(c.from, c.to - c.from);
        store_->add_chunk(id, int64_t(first + i), c, text, hashes[i], vectors[i]);
      }
      return std::max(first + count, present);
    });
  }
  step.chunks = step.of_chunks;
}

// Makes a complete document findable, in the place of the version before it.
int64_t KnowledgeBase::finish_document(int64_t pending) {
  return change(*store_, [&] {
    const auto made = store_->document(pending);
    if (!made) throw Error(Status::busy, "knowledge base: another process is indexing the same document");
    DocumentRecord record = *made;
    record.status = DocumentStatus::done;
    const int64_t old = record.replaces;
    record.replaces = 0;
    if (old == 0 || !store_->document(old)) {
      store_->change_document(record);
      return pending;
    }
    store_->remove_chunks(old);
    store_->take_over(pending, old);
    record.id = old;
    store_->change_document(record);
    store_->set_meta("unwiped", "1");
    return old;
  });
}

int64_t KnowledgeBase::keep_failure(const DocumentRecord& record, std::string_view reason) {
  return change(*store_, [&] {
    DocumentRecord failed = record;
    failed.status = DocumentStatus::failed;
    failed.reason = reason;
    clear(failed);
    for (const DocumentRecord& r : store_->documents_at(record.path)) {
      // An older version is no longer what the file says.
      if (r.replaces == 0) {
        failed.id = r.id;
        store_->remove_chunks(r.id);
        store_->set_text(r.id, "");
      } else {
        store_->remove_document(r.id);
      }
      if (r.status != DocumentStatus::failed) store_->set_meta("unwiped", "1");
    }
    if (failed.id == 0) return store_->add_document(failed);
    store_->change_document(failed);
    return failed.id;
  });
}

int64_t KnowledgeBase::index_document(DocumentRecord record, const Document& document, IndexStep& step,
                                      IndexProgress progress) {
  if (record.title.empty()) record.title = document.title.empty() ? stem_of(record.path) : document.title;
  record.mime = document.mime;
  bool nothing_to_do = false;
  const int64_t id = begin_document(record, document, nothing_to_do);
  if (nothing_to_do) return id;
  add_chunks(id, document, record.title, step, progress);
  return finish_document(id);
}

int64_t KnowledgeBase::add_document(DocumentRecord record, const Document& document, IndexProgress progress) {
  IndexStep step{record.path, 0, 1, 0, 0};
  const int64_t id = index_document(record, document, step, progress);
  wipe_if_needed();
  return id;
}

int64_t KnowledgeBase::index_file(const std::string& path, const std::string& source, IndexStep& step,
                                  IndexProgress progress) {
  step.path = path;
  step.chunks = step.of_chunks = 0;
  if (!progress(step)) throw_cancelled();
  const std::unique_ptr<File> file = host_->open(path);
  DocumentRecord record;
  record.path = path;
  record.source = source;
  record.bytes = int64_t(file->size());
  std::error_code ignored;
  const auto when = std::filesystem::last_write_time(std::filesystem::u8path(path), ignored);
  if (!ignored)
    record.mtime_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          std::chrono::file_clock::to_sys(when).time_since_epoch()).count();
  const ReadLimits limits;
  if (file->size() > limits.bytes)
    return keep_failure(record, message("expected at most ", limits.bytes, " bytes, found ", file->size()));
  std::vector<std::byte> bytes(size_t(file->size()));
  file->read(0, bytes);
  record.sha256 = sha256_of(bytes);
  if (const auto known = find_path(path);
      known && known->status == DocumentStatus::failed && known->sha256 == record.sha256 && known->bytes == record.bytes)
    return known->id;   // it would fail again
  Document document;
  try {
    document = read_document(bytes, path, limits, [&] { return !progress(step); });
  } catch (const ReadError& error) {
    return keep_failure(record, error.what());
  }
  bytes = {};
  return index_document(std::move(record), document, step, progress);
}

int64_t KnowledgeBase::add_file(const std::string& path, IndexProgress progress) {
  IndexStep step{path, 0, 1, 0, 0};
  const int64_t id = index_file(path, "", step, progress);
  wipe_if_needed();
  return id;
}

int64_t KnowledgeBase::add_text(std::string_view name, std::string_view text, std::string_view title,
                                IndexProgress progress) {
  DocumentRecord record;
  record.path = name;
  record.title = title;
  record.bytes = int64_t(text.size());
  record.mtime_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                        std::chrono::system_clock::now().time_since_epoch()).count();
  record.sha256 = sha256_of(text);
  const Document document = read_document(std::as_bytes(std::span(text)), name);
  return add_document(std::move(record), document, progress);
}

// The document as its file tells it, while the file is still the one that was indexed.
std::optional<Document> KnowledgeBase::read_again(const DocumentRecord& record) {
  try {
    const std::unique_ptr<File> file = host_->open(record.path);
    if (file->size() != uint64_t(record.bytes)) return {};
    std::vector<std::byte> bytes(size_t(file->size()));
    file->read(0, bytes);
    if (sha256_of(bytes) != record.sha256) return {};
    return read_document(bytes, record.path);
  } catch (const Error&) {
    return {};
  }
}

void KnowledgeBase::reindex_with(std::shared_ptr<Embedder> embedder, IndexProgress progress) {
  if (!embedder) throw Error(Status::invalid_argument, "reindex: expected an embedding model, found none");
  change(*store_, [&] {
    for (const DocumentRecord& r : store_->documents()) {
      store_->remove_chunks(r.id);
      if (r.replaces != 0) store_->remove_document(r.id);
      if (r.replaces != 0 || r.status != DocumentStatus::done) continue;
      DocumentRecord again = r;
      again.status = DocumentStatus::pending;
      store_->change_document(again);
    }
    store_->set_meta("fingerprint", embedder->fingerprint());
    store_->set_meta("dimension", message(embedder->dimension()));
    store_->set_meta("unwiped", "1");
  });
  embedder_ = std::move(embedder);
  knows_chinese_.reset();
  IndexStep step;
  const std::vector<DocumentRecord> all = store_->documents();
  step.of_documents = int64_t(all.size());
  for (const DocumentRecord& r : all) {
    if (r.status == DocumentStatus::pending) {
      step.path = r.path;
      // The text the base holds is what was indexed; only the file knows its headings and pages.
      const std::string text = store_->text(r.id);
      std::optional<Document> document = read_again(r);
      if (!document || document->text != text) document.emplace().text = text;
      add_chunks(r.id, *document, r.title, step, progress);
      finish_document(r.id);
    }
    ++step.documents;
  }
  wipe_if_needed();
}

}  // namespace hadal::rag
