#include "rag/sqlite.hpp"

#include "core/message.hpp"

namespace hadal::rag {
namespace {

// Two processes may write in turn; a turn is a few dozen chunks.
constexpr int kPatienceMs = 20000;

Error error_of(int code, const std::string& path, const char* detail) {
  const std::string base = message("knowledge base ", quoted(path), ": ");
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {Status::busy, base + "expected to write, found another process writing for too long"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return {Status::corrupt, message(base, "damaged (", detail, "); its documents have to be added anew")};
    case SQLITE_FULL: return {Status::io, base + "the disk is full; nothing of the last step was kept"};
    case SQLITE_NOMEM: return {Status::out_of_memory, base + "out of memory"};
    case SQLITE_READONLY: return {Status::io, base + "it cannot be written to"};
    case SQLITE_CANTOPEN: return {Status::io, base + "it cannot be opened"};
    case SQLITE_IOERR: return {Status::io, message(base, "reading or writing failed (", detail, ")")};
    case SQLITE_INTERRUPT: return {Status::cancelled, base + "cancelled"};
    default: return {Status::internal, message(base, detail)};
  }
}

}  // namespace

Database::Database(const std::string& path, bool create) : path_(path) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    const bool absent = code == SQLITE_CANTOPEN && !create;
    const Error error = absent ? Error(Status::not_found, message("knowledge base ", quoted(path), ": there is no such file"))
                               : error_of(code, path, handle_ ? sqlite3_errmsg(handle_) : "");
    sqlite3_close_v2(handle_);
    throw error;
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, kPatienceMs);
  // A base may come from anybody: its schema must not be able to run anything.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::fail(int code) { throw error_of(code, path_, sqlite3_errmsg(handle_)); }

void Database::execute(const char* sql) {
  if (const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code);
}

int64_t Database::integer(const char* sql) {
  Statement statement(*this, sql);
  return statement.next() ? statement.integer(0) : 0;
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) database.fail(code);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Statement& Statement::bind(double value) {
  sqlite3_bind_double(statement_, ++bound_, value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  sqlite3_bind_blob64(statement_, ++bound_, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

void Statement::run() {
  while (next()) {
  }
}

bool Statement::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  reset();
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bound_ = 0;
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return data ? std::string_view(data, size_t(size)) : std::string_view();
}

}  // namespace hadal::rag
