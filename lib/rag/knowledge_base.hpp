// A knowledge base: documents go in, the passages that answer a question come out, each with its place. Between the
// store, which keeps, and the embedder, which measures likeness.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.hpp"
#include "core/host.hpp"
#include "rag/chunker.hpp"
#include "rag/document.hpp"
#include "rag/embedder.hpp"
#include "rag/int8_scan.hpp"
#include "rag/store.hpp"

namespace hadal::rag {

enum class SearchMode : uint8_t { fused, vector, text };

struct SearchSettings {
  SearchMode mode = SearchMode::fused;
  size_t limit = 8;
  size_t candidates = 50;             // taken from each list before they are fused
  size_t per_document = 0;            // most hits of one document; 0 = any number
  bool newest_first = false;          // the hits found, by the date of their documents
  std::vector<int64_t> documents;     // only these; empty = all
  std::string folder;                 // only documents below this path
  int64_t after_ns = INT64_MIN, before_ns = INT64_MAX;   // date of the document's file, since 1970
};

struct SearchHit {
  ChunkRecord chunk;
  std::string path, title, text;      // text: the document's characters from..to, nothing else
  int64_t mtime_ns = 0;
  double score = 0;                   // what the hits are ordered by
  int dense_rank = 0, lexical_rank = 0;   // from 1; 0 = not in that list
  double dense_score = 0, lexical_score = 0, rerank_score = 0;   // cosine, bm25, the reranker's
};

// How sure it is that hits answer a question at all; see relevance.cpp.
struct Relevance {
  double cosine = 0;     // of the best hit; 0 without an embedder
  double coverage = 0;   // share of the question's words, weighed by how rare they are, that one hit has
  double score = 0;      // in [0, 1]
};

// One step of indexing, for a progress bar.
struct IndexStep {
  std::string_view path;
  int64_t documents = 0, of_documents = 0;   // finished; in all
  int64_t chunks = 0, of_chunks = 0;         // of this document
};
// False = stop: Error(cancelled) is thrown; what was committed stays and the next call goes on from there.
using IndexProgress = FunctionRef<bool(const IndexStep&)>;
inline constexpr auto silently = [](const IndexStep&) { return true; };

struct SyncSettings {
  std::string include, exclude;   // patterns separated by spaces: "*.pdf docs/*"; empty = whatever can be read; nothing
  bool subfolders = true;
};
struct SyncReport {
  int64_t added = 0, changed = 0, moved = 0, removed = 0, unchanged = 0, failed = 0;
};

// "manual" of "docs/manual.pdf": the title of a document that has none.
std::string stem_of(std::string_view path);

class KnowledgeBase {
 public:
  // embedder: nullptr = text search only; with it the base must have been made with one of the same fingerprint, else
  // Error(unsupported). A base that is still empty takes the embedder's.
  KnowledgeBase(std::unique_ptr<Store> store, std::shared_ptr<Embedder> embedder, std::shared_ptr<Host> host);

  // A document that cannot be read is kept with status `failed` and the reason. What is there already is replaced at
  // once when the new version is complete. Gives the document's id.
  int64_t add_file(const std::string& path, IndexProgress progress = silently);
  int64_t add_text(std::string_view name, std::string_view text, std::string_view title, IndexProgress progress = silently);
  int64_t add_document(DocumentRecord record, const Document& document, IndexProgress progress = silently);
  // Makes the base hold what the folder holds. Documents that came another way are left alone.
  SyncReport sync(const std::string& folder, const SyncSettings& settings, IndexProgress progress = silently);
  // Throws Error(not_found).
  void remove(int64_t document);
  // Forgets everything that was computed and makes it anew with the embedder given, whatever the base was made with.
  // Headings, pages and rows are those of the file if it is still as it was; without it a document is its text alone.
  void reindex_with(std::shared_ptr<Embedder> embedder, IndexProgress progress = silently);

  // As a user sees them: a new version that is being indexed is told as its document's status.
  std::vector<DocumentRecord> documents();
  // By id, path, or a file name that only one has. Throws Error(not_found).
  DocumentRecord find(std::string_view document);
  std::string text(int64_t document) { return store_->text(document); }

  std::vector<SearchHit> search(std::string_view query, const SearchSettings& settings, Reranker* reranker = nullptr);
  Relevance relevance(std::string_view query, const std::vector<SearchHit>& hits);

  Store& store() { return *store_; }
  Embedder* embedder() { return embedder_.get(); }
  void attach(std::shared_ptr<Embedder> embedder);   // as the constructor's

 private:
  // What a search needs in memory, as of one version of the store.
  struct View {
    uint64_t version = 0;
    std::map<int64_t, DocumentRecord> documents;   // those that are found
    std::vector<int64_t> chunk_of_row, document_of_row;
    std::optional<Int8Rows> rows;
  };
  const View& view(bool vectors);

  void check_fingerprint();
  std::optional<DocumentRecord> find_path(std::string_view path);
  int64_t keep_failure(const DocumentRecord& record, std::string_view reason);
  int64_t begin_document(const DocumentRecord& record, const Document& document, bool& nothing_to_do);
  void add_chunks(int64_t document, const Document& document_text, std::string_view title, IndexStep& step,
                  IndexProgress progress);
  int64_t finish_document(int64_t pending);
  int64_t index_document(DocumentRecord record, const Document& document, IndexStep& step, IndexProgress progress);
  std::optional<Document> read_again(const DocumentRecord& record);
  int64_t index_file(const std::string& path, const std::string& source, IndexStep& step, IndexProgress progress);
  void wipe_if_needed();
  // Whether likeness of vectors means much for this question; see language_probe.hpp.
  bool is_understood(std::string_view question);
  std::vector<std::pair<int64_t, float>> dense(const std::vector<float>& query, size_t most, const View& all,
                                               FunctionRef<bool(int64_t)> wanted);

  std::unique_ptr<Store> store_;
  std::shared_ptr<Embedder> embedder_;
  std::shared_ptr<Host> host_;
  View view_;
  std::optional<bool> knows_chinese_;   // the embedder; asked of it once
};

}  // namespace hadal::rag
