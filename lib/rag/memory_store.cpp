// A knowledge base that is no file: for builds without SQLite, for tests, and for documents that must not be kept.
#include <algorithm>
#include <map>

#include "core/message.hpp"
#include "rag/int8_scan.hpp"
#include "rag/lexical_index.hpp"
#include "rag/store.hpp"

namespace hadal::rag {
namespace {

class MemoryStore final : public Store {
 public:
  // What a step that failed has left behind is a pending document, which the next attempt takes away.
  void begin() override {}
  void commit() override { ++version_; }
  void rollback() noexcept override { ++version_; }

  std::string meta(std::string_view key) override {
    const auto found = meta_.find(key);
    return found == meta_.end() ? std::string() : found->second;
  }
  void set_meta(std::string_view key, std::string_view value) override { meta_[std::string(key)] = value; }

  std::vector<DocumentRecord> documents() override {
    std::vector<DocumentRecord> out;
    for (const auto& [id, kept] : documents_) out.push_back(record(id, kept));
    return out;
  }
  std::vector<DocumentRecord> documents_at(std::string_view path) override {
    std::vector<DocumentRecord> out;
    for (const auto& [id, kept] : documents_)
      if (kept.record.path == path) out.push_back(record(id, kept));
    return out;
  }
  std::optional<DocumentRecord> document(int64_t id) override {
    const auto found = documents_.find(id);
    if (found == documents_.end()) return std::nullopt;
    return record(id, found->second);
  }
  int64_t add_document(const DocumentRecord& given) override {
    documents_[++last_document_].record = given;
    return last_document_;
  }
  void change_document(const DocumentRecord& given) override {
    if (const auto found = documents_.find(given.id); found != documents_.end()) found->second.record = given;
  }
  void remove_document(int64_t id) override {
    remove_chunks(id);
    documents_.erase(id);
  }
  void take_over(int64_t from, int64_t to) override {
    const auto source = documents_.find(from), target = documents_.find(to);
    if (source == documents_.end() || target == documents_.end()) return;
    target->second.text = std::move(source->second.text);
    target->second.chunks = std::move(source->second.chunks);
    for (const int64_t chunk : target->second.chunks) chunks_[chunk].record.document = to;
    documents_.erase(source);
  }

  void set_text(int64_t document, std::string_view text) override { documents_[document].text = text; }
  std::string text(int64_t document) override {
    const auto found = documents_.find(document);
    return found == documents_.end() ? std::string() : found->second.text;
  }
  std::string text(int64_t document, size_t from, size_t to) override {
    const auto found = documents_.find(document);
    if (found == documents_.end()) return {};
    to = std::min(to, found->second.text.size());
    from = std::min(from, to);
    return found->second.text.substr(from, to - from);
  }

  void add_chunk(int64_t document, int64_t ordinal, const Chunk& c, std::string_view text, std::string_view hash,
                 std::span<const float> vector) override {
    const int64_t id = ++last_chunk_;
    KeptChunk& kept = chunks_[id];
    kept.record = {id, document, ordinal, c.from, c.to, c.char_from, c.char_to, c.page_from, c.page_to, c.row_from,
                   c.row_to, c.heading, c.front};
    kept.hash = hash;
    kept.vector.assign(vector.begin(), vector.end());
    kept.codes.resize(vector.size());
    kept.scale = quantize_row(vector, kept.codes);
    documents_[document].chunks.push_back(id);
    words_.add(id, {segment(c.front), segment(text)});
  }
  std::vector<ChunkRecord> chunks(int64_t document) override {
    std::vector<ChunkRecord> out;
    if (const auto found = documents_.find(document); found != documents_.end())
      for (const int64_t id : found->second.chunks) out.push_back(chunks_[id].record);
    return out;
  }
  std::optional<ChunkRecord> chunk(int64_t id) override {
    const auto found = chunks_.find(id);
    if (found == chunks_.end()) return std::nullopt;
    return found->second.record;
  }
  void remove_chunks(int64_t document) override {
    const auto found = documents_.find(document);
    if (found == documents_.end()) return;
    for (const int64_t id : found->second.chunks) {
      words_.remove(id);
      chunks_.erase(id);
    }
    found->second.chunks.clear();
  }
  std::vector<float> vector_of_hash(std::string_view hash) override {
    for (const auto& [id, kept] : chunks_)
      if (kept.hash == hash) return kept.vector;
    return {};
  }
  std::vector<float> vector_of(int64_t chunk) override {
    const auto found = chunks_.find(chunk);
    return found == chunks_.end() ? std::vector<float>() : found->second.vector;
  }
  void each_vector(FunctionRef<void(const Codes&)> see) override {
    for (const auto& [id, kept] : chunks_)
      if (!kept.codes.empty()) see({id, kept.record.document, kept.scale, kept.codes});
  }

  std::vector<LexicalHit> lexical(const std::vector<QueryTerm>& terms, size_t most,
                                  FunctionRef<bool(int64_t)> wanted) override {
    std::vector<LexicalHit> out;
    for (const auto& [id, score] : words_.search(terms)) {
      if (out.size() == most) break;
      const int64_t document = chunks_[id].record.document;
      if (wanted(document)) out.push_back({id, document, score});
    }
    return out;
  }
  int64_t chunks_with(const QueryTerm& term) override { return words_.rows_with(term); }
  int64_t num_chunks() override { return int64_t(chunks_.size()); }

  std::vector<Fact> facts() override {
    std::vector<Fact> out;
    for (const auto& [id, text] : facts_) out.push_back({id, text});
    return out;
  }
  int64_t add_fact(std::string_view text) override {
    facts_[++last_fact_] = text;
    return last_fact_;
  }
  bool remove_fact(int64_t id) override { return facts_.erase(id) > 0; }

  uint64_t version() override { return version_; }
  void wipe() override { ++version_; }
  std::vector<std::string> problems() override { return {}; }
  int64_t bytes() override {
    int64_t sum = 0;
    for (const auto& [id, kept] : documents_) sum += int64_t(kept.text.size());
    for (const auto& [id, kept] : chunks_) sum += int64_t(kept.vector.size() * 5);
    return sum;
  }

 private:
  struct KeptDocument {
    DocumentRecord record;
    std::string text;
    std::vector<int64_t> chunks;
  };
  struct KeptChunk {
    ChunkRecord record;
    std::string hash;
    std::vector<float> vector;
    std::vector<int8_t> codes;
    float scale = 0;
  };
  static DocumentRecord record(int64_t id, const KeptDocument& kept) {
    DocumentRecord out = kept.record;
    out.id = id;
    out.chunks = int64_t(kept.chunks.size());
    return out;
  }

  std::map<std::string, std::string, std::less<>> meta_;
  std::map<int64_t, KeptDocument> documents_;
  std::map<int64_t, KeptChunk> chunks_;
  std::map<int64_t, std::string> facts_;
  LexicalIndex words_;
  int64_t last_document_ = 0, last_chunk_ = 0, last_fact_ = 0;
  uint64_t version_ = 0;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace hadal::rag
