// SQLite behind two small classes: failures become Error, statements are kept and reset by themselves.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/status.hpp"

namespace hadal::rag {

class Database;

// A prepared statement. run() once for a change; next() until it is false for a query.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Values of ?1, ?2, ... in order. Texts and blobs must stay until the statement has run.
  Statement& bind(int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  template <class T>
  Statement& bind_blob(std::span<const T> values) {
    return bind_blob(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
  }

  void run();    // to the end
  bool next();   // false: no more rows, and the statement is ready to be bound again
  void reset() noexcept;

  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double number(int column) const { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const { return std::string(bytes(column)); }
  std::string_view bytes(int column) const;   // until the next step

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

class Database {
 public:
  // Throws Error(not_found) if there is no such file and not `create`.
  Database(const std::string& path, bool create);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  int64_t integer(const char* sql);   // the first column of the first row
  int64_t last_id() const { return sqlite3_last_insert_rowid(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  const std::string& path() const { return path_; }
  sqlite3* handle() { return handle_; }

  [[noreturn]] void fail(int code);

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

}  // namespace hadal::rag
