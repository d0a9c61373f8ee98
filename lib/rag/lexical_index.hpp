// BM25 in memory, with the numbers of SQLite's FTS5: the text search of a base that is no file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rag/segment.hpp"

namespace hadal::rag {

class LexicalIndex {
 public:
  // The words of one row, by column. The id must not be there yet.
  void add(int64_t row, const std::vector<std::vector<std::string>>& columns);
  void remove(int64_t row);

  // All rows with at least one of the terms, best first, of equal ones the lower id:
  //   sum over terms of idf * f * (k1 + 1) / (f + k1 * (1 - b + b * |D| / average)),  k1 = 1.2, b = 0.75
  //   idf = ln((N - n + 0.5) / (n + 0.5)), or 1e-6 if that is not positive
  // f: times the term is in the row, each weighed by its column (1 if `weights` has none); |D|: words of all columns.
  std::vector<std::pair<int64_t, double>> search(const std::vector<QueryTerm>& terms,
                                                 const std::vector<double>& weights = {}) const;
  int64_t rows_with(const QueryTerm& term) const;

 private:
  // For each row where the term is found, its places: column << 32 | word.
  std::map<int64_t, std::vector<uint64_t>> places(const QueryTerm& term) const;

  std::map<std::string, std::map<int64_t, std::vector<uint64_t>>, std::less<>> words_;
  std::map<int64_t, int64_t> lengths_;
  int64_t total_ = 0;
};

}  // namespace hadal::rag
