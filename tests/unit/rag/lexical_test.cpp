// BM25 of the memory index and of SQLite: equal to the recorded values and to each other.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "rag/lexical_index.hpp"
#include "rag/store.hpp"
#if defined(HADAL_WITH_SQLITE)
#include "rag/sqlite.hpp"
#endif

using namespace hadal::rag;

namespace {

constexpr const char* kRows[][2] = {{"apple banana", "x y z"}, {"apple apple pie tart", "q"}, {"cherry", "apple"},
                                    {"dog cat", "mouse w"},    {"z", "y x w v"},              {"hello", "world"},
                                    {"foo", "bar"},            {"foo2", "bar3"}};
using Scores = std::vector<std::pair<int64_t, double>>;

void check_scores(const Scores& found, const Scores& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].first == expected[i].first);
    CHECK(std::fabs(found[i].second - expected[i].second) < 1e-11);
  }
}

}  // namespace

TEST_CASE("bm25 in memory gives SQLite's recorded values digit for digit") {
  LexicalIndex index;
  for (int64_t r = 0; r < 8; ++r) index.add(r + 1, {segment(kRows[r][0]), segment(kRows[r][1])});
  const std::vector<QueryTerm> apple = {{{"apple"}}};
  check_scores(index.search(apple), {{2, 0.547358131505}, {3, 0.542382148492}, {1, 0.377607824899}});
  check_scores(index.search(apple, {10, 1}), {{2, 0.919291777105}, {1, 0.854756967537}, {3, 0.542382148492}});
  index.remove(2);
  index.add(2, {segment(kRows[1][0]), segment(kRows[1][1])});
  check_scores(index.search(apple), {{2, 0.547358131505}, {3, 0.542382148492}, {1, 0.377607824899}});
}

#if defined(HADAL_WITH_SQLITE)
TEST_CASE("the file's text search and the memory's agree on random texts") {
  const std::vector<std::string> vocabulary = {"合同", "违约", "责任", "third", "clause", "3.2.1", "AB-7", "pump",
                                               "valve", "pressure", "条款", "the", "of", "。", "x1", "库"};
  std::mt19937 random(11);
  const auto memory = make_memory_store();
  const auto file = open_sqlite_store(":memory:", true);
  for (Store* store : {memory.get(), file.get()}) store->begin();
  for (int d = 0; d < 3; ++d) {
    DocumentRecord record;
    record.path = "d" + std::to_string(d);
    record.status = DocumentStatus::done;
    const int64_t a = memory->add_document(record), b = file->add_document(record);
    REQUIRE(a == b);
    std::string text;
    std::vector<Chunk> chunks;
    for (int c = 0; c < 60; ++c) {
      Chunk chunk;
      chunk.from = text.size();
      for (unsigned w = 0, n = 3 + unsigned(random() % 30); w < n; ++w) {
        text += vocabulary[random() % vocabulary.size()];
        if (random() % 3) text += ' ';
      }
      chunk.to = text.size();
      chunk.front = vocabulary[random() % vocabulary.size()];
      chunks.push_back(chunk);
    }
    for (Store* store : {memory.get(), file.get()}) {
      store->set_text(a, text);
      for (size_t c = 0; c < chunks.size(); ++c)
        store->add_chunk(a, int64_t(c), chunks[c], std::string_view(text).substr(chunks[c].from, chunks[c].to - chunks[c].from),
                         std::to_string(c), {});
    }
  }
  // Removing one document leaves the same statistics in both.
  for (Store* store : {memory.get(), file.get()}) {
    store->remove_document(2);
    store->commit();
  }
  const auto all = [](int64_t) { return true; };
  for (const char* query : {"pump", "third clause", "违约责任", "\"third clause\"", "库", "3.2.1", "AB-7 pressure 合同", "nothing"}) {
    CAPTURE(query);
    const auto a = memory->lexical(query_terms(query), 1000, all), b = file->lexical(query_terms(query), 1000, all);
    REQUIRE(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      CHECK(std::fabs(a[i].score - b[i].score) < 1e-9);
      CHECK(a[i].chunk == b[i].chunk);
    }
    CHECK(memory->chunks_with({segment("pump")}) == file->chunks_with({segment("pump")}));
  }
  CHECK(file->problems() == std::vector<std::string>{});
}
#endif
