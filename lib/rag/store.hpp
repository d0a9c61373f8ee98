// Where a knowledge base keeps documents, chunks and vectors: an SQLite file, or memory alone. It knows nothing of
// embedding models and files; knowledge_base.hpp decides what goes in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/function_ref.hpp"
#include "rag/chunker.hpp"
#include "rag/segment.hpp"

namespace hadal::rag {

// Numbers are stored; only `done` documents are found by a search.
enum class DocumentStatus : int32_t { pending = 0, done = 1, failed = 2 };
std::string_view name_of(DocumentStatus status);

struct DocumentRecord {
  int64_t id = 0;
  std::string path;          // as it was given, unique; of a text: its name
  std::string source;        // the folder it came from by sync; "" if it was added by hand
  std::string title, mime, sha256, reason;
  DocumentStatus status = DocumentStatus::pending;
  int64_t bytes = 0, mtime_ns = 0;
  int64_t pages = 0, characters = 0, chunks = 0;
  int64_t replaces = 0;      // a pending version of this document; 0: the document itself
};

struct ChunkRecord {
  int64_t id = 0, document = 0, ordinal = 0;
  size_t from = 0, to = 0, char_from = 0, char_to = 0;
  uint32_t page_from = 0, page_to = 0, row_from = 0, row_to = 0;
  std::string heading, front;
};

struct LexicalHit {
  int64_t chunk, document;
  double score;   // higher is better: SQLite's bm25 without its sign
};

// Failures are thrown as Error. One thread at a time. Calls that change something belong between begin and commit.
class Store {
 public:
  virtual ~Store() = default;

  // A writer's turn; Error(busy) if another process has it for too long. rollback never fails.
  virtual void begin() = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;

  virtual std::string meta(std::string_view key) = 0;   // "" if it was never set
  virtual void set_meta(std::string_view key, std::string_view value) = 0;

  virtual std::vector<DocumentRecord> documents() = 0;   // by id
  virtual std::vector<DocumentRecord> documents_at(std::string_view path) = 0;   // and the version being indexed
  virtual std::optional<DocumentRecord> document(int64_t id) = 0;
  virtual int64_t add_document(const DocumentRecord& record) = 0;
  virtual void change_document(const DocumentRecord& record) = 0;   // everything but id and chunks
  virtual void remove_document(int64_t id) = 0;                     // and all that belongs to it
  // What belongs to `from` belongs to `to` from now on; `from` is gone.
  virtual void take_over(int64_t from, int64_t to) = 0;

  virtual void set_text(int64_t document, std::string_view text) = 0;
  virtual std::string text(int64_t document) = 0;
  virtual std::string text(int64_t document, size_t from, size_t to) = 0;   // bytes

  // hash: of the embedded text, 16 bytes or more. vector: as the embedder made it.
  virtual void add_chunk(int64_t document, int64_t ordinal, const Chunk& chunk, std::string_view text,
                         std::string_view hash, std::span<const float> vector) = 0;
  virtual std::vector<ChunkRecord> chunks(int64_t document) = 0;   // by ordinal
  virtual std::optional<ChunkRecord> chunk(int64_t id) = 0;
  virtual void remove_chunks(int64_t document) = 0;
  // The vector of any chunk with this hash; empty if there is none.
  virtual std::vector<float> vector_of_hash(std::string_view hash) = 0;
  virtual std::vector<float> vector_of(int64_t chunk) = 0;

  struct Codes {
    int64_t chunk, document;
    float scale;
    std::span<const int8_t> codes;
  };
  // All vectors by chunk id.
  virtual void each_vector(FunctionRef<void(const Codes&)> see) = 0;

  // Best first, at most `most` for whose document `wanted` says yes.
  virtual std::vector<LexicalHit> lexical(const std::vector<QueryTerm>& terms, size_t most,
                                          FunctionRef<bool(int64_t document)> wanted) = 0;
  // Chunks that hold the term; and of all.
  virtual int64_t chunks_with(const QueryTerm& term) = 0;
  virtual int64_t num_chunks() = 0;

  struct Fact {
    int64_t id;
    std::string text;
  };
  virtual std::vector<Fact> facts() = 0;
  virtual int64_t add_fact(std::string_view text) = 0;
  virtual bool remove_fact(int64_t id) = 0;

  // Another number whenever anybody changed something since.
  virtual uint64_t version() = 0;
  // After removing: nothing of what was removed is left in free pages, journals or old index segments.
  virtual void wipe() = 0;
  // One sentence for each thing found wrong.
  virtual std::vector<std::string> problems() = 0;
  virtual int64_t bytes() = 0;
};

// Runs body() as one change: all of it or nothing. Gives what body gives.
template <class Body>
auto change(Store& store, Body&& body) {
  store.begin();
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      store.commit();
    } else {
      auto result = body();
      store.commit();
      return result;
    }
  } catch (...) {
    store.rollback();
    throw;
  }
}

// path "" or ":memory:": memory. Made if it is not there and `create`. Throws Error(not_found, corrupt, unsupported,
// busy, io).
std::unique_ptr<Store> open_store(const std::string& path, bool create);
std::unique_ptr<Store> make_memory_store();
#if defined(HADAL_WITH_SQLITE)
std::unique_ptr<Store> open_sqlite_store(const std::string& path, bool create);
#endif

}  // namespace hadal::rag
