// A knowledge base in one SQLite file. Write-ahead log, because readers must not wait for an indexer nor it for them;
// the log is emptied after whatever removes something, and gone when the last one closes. Chunks hold no text of their
// own: they are ranges of the document's, so a citation cannot differ from it. The full-text table keeps no text either.
#include <cstring>

#include "core/half.hpp"
#include "core/message.hpp"
#include "rag/int8_scan.hpp"
#include "rag/sqlite.hpp"
#include "rag/store.hpp"

namespace hadal::rag {
namespace {

constexpr int64_t kSchemaVersion = 1;
constexpr int64_t kApplicationId = 0x48444C4B;   // "HDLK"

constexpr char kSchema[] = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE document(id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL,
  mime TEXT NOT NULL, sha256 TEXT NOT NULL, reason TEXT NOT NULL, status INTEGER NOT NULL, bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL, pages INTEGER NOT NULL, characters INTEGER NOT NULL, replaces INTEGER NOT NULL,
  UNIQUE(path, replaces));
CREATE TABLE content(document INTEGER PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE chunk(id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  byte_from INTEGER NOT NULL, byte_to INTEGER NOT NULL, char_from INTEGER NOT NULL, char_to INTEGER NOT NULL,
  page_from INTEGER NOT NULL, page_to INTEGER NOT NULL, row_from INTEGER NOT NULL, row_to INTEGER NOT NULL,
  heading TEXT NOT NULL, front TEXT NOT NULL, hash BLOB NOT NULL, UNIQUE(document, ordinal));
CREATE INDEX chunk_hash ON chunk(hash);
CREATE TABLE codes(chunk INTEGER PRIMARY KEY, document INTEGER NOT NULL, scale REAL NOT NULL, codes BLOB NOT NULL);
CREATE TABLE vector(chunk INTEGER PRIMARY KEY, halves BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(front, body, content='', tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* S* P* Co'");
CREATE TABLE fact(id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);
)";

constexpr char kDocumentColumns[] =
    "SELECT id, path, source, title, mime, sha256, reason, status, bytes, mtime_ns, pages, characters, replaces, "
    "(SELECT count(*) FROM chunk WHERE chunk.document = document.id) FROM document";
constexpr char kChunkColumns[] =
    "SELECT id, document, ordinal, byte_from, byte_to, char_from, char_to, page_from, page_to, row_from, row_to, heading, "
    "front FROM chunk";

// The rows of a bound query, each made into a record.
template <class Row>
auto all_rows(Statement& query, Row row) {
  std::vector<decltype(row(query))> out;
  while (query.next()) out.push_back(row(query));
  return out;
}
template <class Row>
auto first_row(Statement& query, Row row) -> std::optional<decltype(row(query))> {
  if (!query.next()) return std::nullopt;
  return row(query);
}

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::string& path, bool create) : db_(path, create) { prepare_file(create); }

  void begin() override { db_.execute("BEGIN IMMEDIATE"); }
  void commit() override {
    db_.execute("COMMIT");
    ++changes_;
  }
  void rollback() noexcept override {
    if (db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }

  std::string meta(std::string_view key) override {
    Statement get(db_, "SELECT value FROM meta WHERE key = ?1");
    return get.bind(key).next() ? get.text(0) : std::string();
  }
  void set_meta(std::string_view key, std::string_view value) override {
    Statement(db_, "INSERT OR REPLACE INTO meta VALUES(?1, ?2)").bind(key).bind(value).run();
  }

  std::vector<DocumentRecord> documents() override {
    Statement all(db_, (std::string(kDocumentColumns) + " ORDER BY id").c_str());
    return all_rows(all, document_row);
  }
  std::vector<DocumentRecord> documents_at(std::string_view path) override {
    Statement some(db_, (std::string(kDocumentColumns) + " WHERE path = ?1 ORDER BY id").c_str());
    return all_rows(some.bind(path), document_row);
  }
  std::optional<DocumentRecord> document(int64_t id) override {
    Statement one(db_, (std::string(kDocumentColumns) + " WHERE id = ?1").c_str());
    return first_row(one.bind(id), document_row);
  }
  int64_t add_document(const DocumentRecord& r) override {
    Statement add(db_, "INSERT INTO document(path, source, title, mime, sha256, reason, status, bytes, mtime_ns, pages, "
                       "characters, replaces) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
    bind_document(add, r).run();
    return db_.last_id();
  }
  void change_document(const DocumentRecord& r) override {
    Statement change(db_, "UPDATE document SET path = ?1, source = ?2, title = ?3, mime = ?4, sha256 = ?5, reason = ?6, "
                          "status = ?7, bytes = ?8, mtime_ns = ?9, pages = ?10, characters = ?11, replaces = ?12 "
                          "WHERE id = ?13");
    bind_document(change, r).bind(r.id).run();
  }
  void remove_document(int64_t id) override {
    remove_chunks(id);
    Statement(db_, "DELETE FROM content WHERE document = ?1").bind(id).run();
    Statement(db_, "DELETE FROM document WHERE id = ?1").bind(id).run();
  }
  void take_over(int64_t from, int64_t to) override {
    Statement(db_, "UPDATE chunk SET document = ?2 WHERE document = ?1").bind(from).bind(to).run();
    Statement(db_, "UPDATE codes SET document = ?2 WHERE document = ?1").bind(from).bind(to).run();
    Statement(db_, "DELETE FROM content WHERE document = ?1").bind(to).run();
    Statement(db_, "UPDATE content SET document = ?2 WHERE document = ?1").bind(from).bind(to).run();
    Statement(db_, "DELETE FROM document WHERE id = ?1").bind(from).run();
  }

  void set_text(int64_t document, std::string_view text) override {
    Statement(db_, "INSERT OR REPLACE INTO content VALUES(?1, ?2)").bind(document).bind_blob(text).run();
  }
  std::string text(int64_t document) override {
    Statement get(db_, "SELECT text FROM content WHERE document = ?1");
    return get.bind(document).next() ? get.text(0) : std::string();
  }
  std::string text(int64_t document, size_t from, size_t to) override {
    sqlite3_blob* blob = nullptr;
    const int opened = sqlite3_blob_open(db_.handle(), "main", "content", "text", document, 0, &blob);
    if (opened != SQLITE_OK) {
      sqlite3_blob_close(blob);
      if (opened != SQLITE_ERROR) db_.fail(opened);
      return {};   // no such document
    }
    const size_t size = size_t(sqlite3_blob_bytes(blob));
    to = std::min(to, size);
    from = std::min(from, to);
    std::string out(to - from, '\0');
    const int read = out.empty() ? SQLITE_OK : sqlite3_blob_read(blob, out.data(), int(out.size()), int(from));
    sqlite3_blob_close(blob);
    if (read != SQLITE_OK) db_.fail(read);
    return out;
  }

  void add_chunk(int64_t document, int64_t ordinal, const Chunk& c, std::string_view text, std::string_view hash,
                 std::span<const float> vector) override {
    Statement add(db_, "INSERT INTO chunk(document, ordinal, byte_from, byte_to, char_from, char_to, page_from, page_to, "
                       "row_from, row_to, heading, front, hash) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
    add.bind(document).bind(ordinal).bind(int64_t(c.from)).bind(int64_t(c.to)).bind(int64_t(c.char_from))
        .bind(int64_t(c.char_to)).bind(int64_t(c.page_from)).bind(int64_t(c.page_to)).bind(int64_t(c.row_from))
        .bind(int64_t(c.row_to)).bind(std::string_view(c.heading)).bind(std::string_view(c.front)).bind_blob(hash).run();
    const int64_t id = db_.last_id();
    if (!vector.empty()) {
      std::vector<int8_t> codes(vector.size());
      std::vector<uint16_t> halves(vector.size());
      const float scale = quantize_row(vector, codes);
      for (size_t i = 0; i < vector.size(); ++i) halves[i] = f32_to_f16(vector[i]);
      Statement(db_, "INSERT INTO codes VALUES(?1, ?2, ?3, ?4)").bind(id).bind(document).bind(double(scale))
          .bind_blob(std::span<const int8_t>(codes)).run();
      Statement(db_, "INSERT INTO vector VALUES(?1, ?2)").bind(id).bind_blob(std::span<const uint16_t>(halves)).run();
    }
    const std::string front = segmented_text(c.front), body = segmented_text(text);
    Statement(db_, "INSERT INTO words(rowid, front, body) VALUES(?1, ?2, ?3)").bind(id).bind(std::string_view(front))
        .bind(std::string_view(body)).run();
  }

  std::vector<ChunkRecord> chunks(int64_t document) override {
    Statement all(db_, (std::string(kChunkColumns) + " WHERE document = ?1 ORDER BY ordinal").c_str());
    return all_rows(all.bind(document), chunk_row);
  }
  std::optional<ChunkRecord> chunk(int64_t id) override {
    Statement one(db_, (std::string(kChunkColumns) + " WHERE id = ?1").c_str());
    return first_row(one.bind(id), chunk_row);
  }
  void remove_chunks(int64_t document) override {
    const std::string whole = text(document);
    // A table without text of its own has to be told what it was given.
    Statement forget(db_, "INSERT INTO words(words, rowid, front, body) VALUES('delete', ?1, ?2, ?3)");
    for (const ChunkRecord& c : chunks(document)) {
      const size_t to = std::min(c.to, whole.size()), from = std::min(c.from, to);
      const std::string front = segmented_text(c.front), body = segmented_text(std::string_view(whole).substr(from, to - from));
      forget.bind(c.id).bind(std::string_view(front)).bind(std::string_view(body)).run();
    }
    for (const char* sql : {"DELETE FROM vector WHERE chunk IN (SELECT id FROM chunk WHERE document = ?1)",
                            "DELETE FROM codes WHERE chunk IN (SELECT id FROM chunk WHERE document = ?1)",
                            "DELETE FROM chunk WHERE document = ?1"})
      Statement(db_, sql).bind(document).run();
  }
  std::vector<float> vector_of_hash(std::string_view hash) override {
    Statement get(db_, "SELECT halves FROM vector JOIN chunk ON chunk.id = vector.chunk WHERE hash = ?1 LIMIT 1");
    return get.bind_blob(hash).next() ? floats(get.bytes(0)) : std::vector<float>();
  }
  std::vector<float> vector_of(int64_t chunk) override {
    Statement get(db_, "SELECT halves FROM vector WHERE chunk = ?1");
    return get.bind(chunk).next() ? floats(get.bytes(0)) : std::vector<float>();
  }
  void each_vector(FunctionRef<void(const Codes&)> see) override {
    Statement all(db_, "SELECT chunk, document, scale, codes FROM codes ORDER BY chunk");
    while (all.next()) {
      const std::string_view codes = all.bytes(3);
      see({all.integer(0), all.integer(1), float(all.number(2)),
           {reinterpret_cast<const int8_t*>(codes.data()), codes.size()}});
    }
  }

  std::vector<LexicalHit> lexical(const std::vector<QueryTerm>& terms, size_t most,
                                  FunctionRef<bool(int64_t)> wanted) override {
    std::vector<LexicalHit> out;
    if (terms.empty()) return out;
    const std::string expression = match_expression(terms);
    Statement find(db_, "SELECT words.rowid, chunk.document, bm25(words) AS score FROM words JOIN chunk ON chunk.id = words.rowid "
                        "WHERE words MATCH ?1 ORDER BY score, words.rowid");
    for (find.bind(std::string_view(expression)); out.size() < most && find.next();)
      if (wanted(find.integer(1))) out.push_back({find.integer(0), find.integer(1), -find.number(2)});
    return out;
  }
  int64_t chunks_with(const QueryTerm& term) override {
    const std::string expression = match_expression({term});
    Statement count(db_, "SELECT count(*) FROM words WHERE words MATCH ?1");
    return count.bind(std::string_view(expression)).next() ? count.integer(0) : 0;
  }
  int64_t num_chunks() override { return db_.integer("SELECT count(*) FROM chunk"); }

  std::vector<Fact> facts() override {
    Statement all(db_, "SELECT id, text FROM fact ORDER BY id");
    return all_rows(all, [](const Statement& s) { return Fact{s.integer(0), s.text(1)}; });
  }
  int64_t add_fact(std::string_view text) override {
    Statement(db_, "INSERT INTO fact(text) VALUES(?1)").bind(text).run();
    return db_.last_id();
  }
  bool remove_fact(int64_t id) override {
    Statement(db_, "DELETE FROM fact WHERE id = ?1").bind(id).run();
    return sqlite3_changes(db_.handle()) > 0;
  }

  uint64_t version() override { return uint64_t(db_.integer("PRAGMA data_version")) << 32 | (changes_ & 0xFFFFFFFF); }

  void wipe() override {
    // Index segments are merged into one, which drops words of removed chunks; freed pages were zeroed when freed
    // (secure_delete); what the log still holds of them goes when it is emptied. A reader may hold the log: then
    // whoever closes the base last empties it.
    db_.execute("INSERT INTO words(words) VALUES('optimize')");
    ++changes_;
    sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }

  std::vector<std::string> problems() override;
  int64_t bytes() override { return db_.integer("PRAGMA page_count") * db_.integer("PRAGMA page_size"); }

 private:
  void prepare_file(bool create);

  static DocumentRecord document_row(const Statement& s) {
    DocumentRecord r;
    r.id = s.integer(0);
    r.path = s.text(1), r.source = s.text(2), r.title = s.text(3), r.mime = s.text(4);
    r.sha256 = s.text(5), r.reason = s.text(6);
    r.status = DocumentStatus(s.integer(7));
    r.bytes = s.integer(8), r.mtime_ns = s.integer(9), r.pages = s.integer(10), r.characters = s.integer(11);
    r.replaces = s.integer(12), r.chunks = s.integer(13);
    return r;
  }
  static Statement& bind_document(Statement& s, const DocumentRecord& r) {
    return s.bind(std::string_view(r.path)).bind(std::string_view(r.source)).bind(std::string_view(r.title))
        .bind(std::string_view(r.mime)).bind(std::string_view(r.sha256)).bind(std::string_view(r.reason))
        .bind(int64_t(r.status)).bind(r.bytes).bind(r.mtime_ns).bind(r.pages).bind(r.characters).bind(r.replaces);
  }
  static ChunkRecord chunk_row(const Statement& s) {
    ChunkRecord c;
    c.id = s.integer(0), c.document = s.integer(1), c.ordinal = s.integer(2);
    c.from = size_t(s.integer(3)), c.to = size_t(s.integer(4));
    c.char_from = size_t(s.integer(5)), c.char_to = size_t(s.integer(6));
    c.page_from = uint32_t(s.integer(7)), c.page_to = uint32_t(s.integer(8));
    c.row_from = uint32_t(s.integer(9)), c.row_to = uint32_t(s.integer(10));
    c.heading = s.text(11), c.front = s.text(12);
    return c;
  }
  static std::vector<float> floats(std::string_view halves) {
    std::vector<float> out(halves.size() / 2);
    for (size_t i = 0; i < out.size(); ++i) {
      uint16_t half;
      std::memcpy(&half, halves.data() + 2 * i, 2);
      out[i] = f16_to_f32(half);
    }
    return out;
  }

  Database db_;
  uint64_t changes_ = 0;
};

void SqliteStore::prepare_file(bool create) {
  // secure_delete: pages that are freed are zeroed. NORMAL: a commit survives the end of the process; after a power cut
  // the last ones may be missing, never half of one.
  db_.execute("PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON");
  const int64_t id = db_.integer("PRAGMA application_id"), version = db_.integer("PRAGMA user_version");
  const bool empty = db_.integer("SELECT count(*) FROM sqlite_master") == 0;
  if (!empty && id != kApplicationId)
    throw Error(Status::corrupt, message(quoted(db_.path()), ": expected a knowledge base, found another SQLite file"));
  if (version > kSchemaVersion)
    throw Error(Status::unsupported, message("knowledge base ", quoted(db_.path()), ": expected schema ", kSchemaVersion,
                                             ", found ", version, " of a newer version of the library"));
  if (empty && !create)
    throw Error(Status::corrupt, message(quoted(db_.path()), ": expected a knowledge base, found an empty file"));
  if (empty || create) db_.execute("PRAGMA journal_mode = WAL");
  db_.execute("PRAGMA synchronous = NORMAL");
  if (!empty) return;
  begin();
  try {
    if (db_.integer("SELECT count(*) FROM sqlite_master") == 0) {   // nobody else made it meanwhile
      db_.execute(kSchema);
      db_.execute(message("PRAGMA application_id = ", kApplicationId, "; PRAGMA user_version = ", kSchemaVersion).c_str());
    }
    commit();
  } catch (...) {
    rollback();
    throw;
  }
}

std::vector<std::string> SqliteStore::problems() {
  std::vector<std::string> out;
  Statement check(db_, "PRAGMA integrity_check(20)");
  while (check.next())
    if (check.text(0) != "ok") out.push_back(check.text(0));
  if (!out.empty()) return out;
  const auto count = [&](const char* sql, std::string_view what) {
    if (const int64_t n = db_.integer(sql); n != 0) out.push_back(message(n, " ", what));
  };
  count("SELECT count(*) FROM chunk WHERE document NOT IN (SELECT id FROM document)", "chunks without a document");
  if (!meta("fingerprint").empty())
    count("SELECT count(*) FROM chunk WHERE id NOT IN (SELECT chunk FROM codes)", "chunks without a vector");
  count("SELECT count(*) FROM codes WHERE chunk NOT IN (SELECT chunk FROM vector)", "vectors without their original");
  count("SELECT count(*) FROM vector WHERE chunk NOT IN (SELECT id FROM chunk)", "vectors without a chunk");
  count("SELECT count(*) FROM codes JOIN chunk ON chunk.id = codes.chunk WHERE codes.document <> chunk.document",
        "vectors of another document than their chunk");
  count("SELECT count(*) FROM content WHERE document NOT IN (SELECT id FROM document)", "texts without a document");
  count("SELECT count(*) FROM chunk JOIN content USING(document) WHERE byte_to > length(text) OR byte_from >= byte_to",
        "chunks outside their document's text");
  count("SELECT count(*) FROM document WHERE status = 1 AND id NOT IN (SELECT document FROM content)",
        "documents without their text");
  if (db_.integer("SELECT count(*) FROM words") != db_.integer("SELECT count(*) FROM chunk"))
    out.push_back("the full-text index has another number of chunks than the base");
  try {
    db_.execute("INSERT INTO words(words) VALUES('integrity-check')");
  } catch (const Error& error) {
    out.push_back(message("the full-text index: ", error.what()));
  }
  return out;
}

}  // namespace

std::unique_ptr<Store> open_sqlite_store(const std::string& path, bool create) {
  return std::make_unique<SqliteStore>(path, create);
}

}  // namespace hadal::rag
