#include "rag/knowledge_base.hpp"
#include "rag/language_probe.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "unit/rag/hashing_embedder.hpp"
#include "unit/rag/scratch_folder.hpp"

using namespace hadal;
using namespace hadal::rag;

namespace {

std::vector<std::string> stores() {
#if defined(HADAL_WITH_SQLITE)
  return {"memory", "file"};
#else
  return {"memory"};
#endif
}

struct Base {
  ScratchFolder folder;
  std::shared_ptr<HashingEmbedder> embedder = std::make_shared<HashingEmbedder>();
  std::unique_ptr<KnowledgeBase> base;
  std::string path;

  explicit Base(const std::string& kind) {
    path = kind == "file" ? folder.path("base.hadal") : "";
    open();
  }
  void open() {
    base.reset();
    base = std::make_unique<KnowledgeBase>(open_store(path, true), embedder, system_host());
  }
};

std::vector<std::string> found(KnowledgeBase& base, std::string_view query, SearchSettings settings = {}) {
  std::vector<std::string> out;
  for (const SearchHit& hit : base.search(query, settings)) out.push_back(hit.path);
  return out;
}

}  // namespace

TEST_CASE("what was added is found by words, by likeness and by both") {
  for (const std::string& kind : stores()) {
    CAPTURE(kind);
    Base b(kind);
    b.base->add_text("pump.txt", "The pump must be oiled every 200 hours. Use oil of type AB-123/4.", "");
    b.base->add_text("合同.txt", "第十二条 违约责任。任何一方违约，应当支付违约金。", "");
    b.base->add_text("cat.txt", "Cats sleep most of the day and hunt at night.", "");
    for (const SearchMode mode : {SearchMode::fused, SearchMode::vector, SearchMode::text}) {
      SearchSettings settings;
      settings.mode = mode;
      settings.limit = 1;
      CHECK(found(*b.base, "when to oil the pump", settings) == std::vector<std::string>{"pump.txt"});
      CHECK(found(*b.base, "AB-123/4", settings) == std::vector<std::string>{"pump.txt"});
      CHECK(found(*b.base, "违约", settings) == std::vector<std::string>{"合同.txt"});
    }
    const SearchHit hit = b.base->search("oil type", {})[0];
    CHECK(hit.dense_rank == 1);
    CHECK(hit.lexical_rank == 1);
    CHECK(hit.score == doctest::Approx(2.0 / 61));
    CHECK(hit.text == b.base->text(hit.chunk.document).substr(hit.chunk.from, hit.chunk.to - hit.chunk.from));
    CHECK(b.base->store().problems().empty());
  }
}

TEST_CASE("a document is replaced at once, keeps its number, and is gone when removed") {
  for (const std::string& kind : stores()) {
    CAPTURE(kind);
    Base b(kind);
    const int64_t id = b.base->add_text("rule", "The fee is five euro.", "");
    const int before = b.embedder->embedded;
    CHECK(b.base->add_text("rule", "The fee is five euro.", "") == id);
    CHECK(b.embedder->embedded == before);   // nothing to do
    CHECK(b.base->add_text("rule", "The fee is seven euro.", "") == id);
    CHECK(b.base->documents().size() == 1);
    CHECK(b.base->text(id) == "The fee is seven euro.");
    CHECK(b.base->search("fee", {}).size() == 1);
    b.base->remove(id);
    CHECK(b.base->documents().empty());
    CHECK(b.base->search("fee", {}).empty());
    CHECK_THROWS_AS(b.base->remove(id), Error);
    CHECK(b.base->store().problems().empty());
  }
}

TEST_CASE("indexing that was stopped goes on where it was") {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "Sentence number " + std::to_string(i) + " speaks of thing" + std::to_string(i) + ". ";
  for (const std::string& kind : stores()) {
    CAPTURE(kind);
    Base b(kind);
    int steps = 0;
    const auto stop_soon = [&](const IndexStep&) { return ++steps < 3; };
    try {
      b.base->add_text("long", text, "", stop_soon);
      FAIL("it was not stopped");
    } catch (const Error& error) {
      CHECK(error.status() == Status::cancelled);
    }
    CHECK(b.base->documents().at(0).status == DocumentStatus::pending);
    CHECK(b.base->search("thing5", {}).empty());   // half a document is not found
    const int done = b.embedder->embedded;
    CHECK(done > 0);
    if (kind == "file") b.open();
    const int64_t id = b.base->add_text("long", text, "");
    CHECK(b.base->documents().at(0).status == DocumentStatus::done);
    CHECK(b.embedder->embedded - done - 0 == b.base->documents().at(0).chunks - done);
    CHECK(b.base->search("thing2999", {}).at(0).chunk.document == id);
    CHECK(b.base->store().problems().empty());
  }
}

TEST_CASE("another model makes all vectors anew, and the places of files stay") {
  for (const std::string& kind : stores()) {
    CAPTURE(kind);
    Base b(kind);
    const std::string kept = b.folder.write("kept.md", "# Pumps\n\n## Oil\n\nOil the pump every 200 hours.\n");
    const std::string changed = b.folder.write("changed.md", "# Lamps\n\nReplace the lamp every year.\n");
    b.base->add_file(kept);
    b.base->add_file(changed);
    b.base->add_text("note", "The valve is blue.", "");
    const SearchHit before = b.base->search("oil the pump", {}).at(0);
    REQUIRE(before.chunk.heading == "Pumps > Oil");
    b.folder.write("changed.md", "# Lamps\n\nReplace the lamp every week.\n");

    const auto other = std::make_shared<HashingEmbedder>(48, 254, "other");
    b.base->reindex_with(other);
    CHECK(other->embedded > 0);
    const SearchHit after = b.base->search("oil the pump", {}).at(0);
    CHECK(after.chunk.heading == before.chunk.heading);
    CHECK(after.text == before.text);
    CHECK(after.dense_rank > 0);
    const SearchHit lamp = b.base->search("lamp", {}).at(0);
    CHECK(lamp.text.find("every year") != std::string::npos);   // what was indexed, until it is added again
    CHECK(lamp.chunk.heading.empty());
    CHECK(b.base->search("valve", {}).at(0).path == "note");
    CHECK(b.base->store().problems().empty());
    if (kind == "file") {
      CHECK_THROWS_AS(b.open(), Error);   // the first model's vectors are gone
      b.embedder = other;
      b.open();
      CHECK(b.base->search("oil the pump", {}).at(0).text == before.text);
    }
  }
}

TEST_CASE("filters, caps and newest first") {
  for (const std::string& kind : stores()) {
    CAPTURE(kind);
    Base b(kind);
    const auto add = [&](const char* path, const char* text, int64_t when) {
      DocumentRecord record;
      record.path = path, record.sha256 = text, record.mtime_ns = when;
      Document document;
      document.text = text;
      return b.base->add_document(record, document);
    };
    const int64_t old_rule = add("/rules/2023/travel.md", "Travel costs are paid after 30 days.", 100);
    add("/rules/2024/travel.md", "Travel costs are paid after 14 days.", 200);
    add("/rules/20/travel.md", "Travel costs are never paid.", 150);
    SearchSettings settings;
    CHECK(found(*b.base, "travel costs", settings).size() == 3);
    settings.newest_first = true;
    CHECK(found(*b.base, "travel costs", settings) ==
          std::vector<std::string>{"/rules/2024/travel.md", "/rules/20/travel.md", "/rules/2023/travel.md"});
    settings.folder = "/rules/20";
    CHECK(found(*b.base, "travel costs", settings) == std::vector<std::string>{"/rules/20/travel.md"});
    settings.folder = "/rules/";
    settings.after_ns = 120, settings.before_ns = 160;
    CHECK(found(*b.base, "travel costs", settings) == std::vector<std::string>{"/rules/20/travel.md"});
    SearchSettings one;
    one.documents = {old_rule};
    CHECK(found(*b.base, "travel costs", one) == std::vector<std::string>{"/rules/2023/travel.md"});
    std::string many;
    for (int i = 0; i < 400; ++i) many += "Travel costs rise again in year " + std::to_string(i) + ". ";
    add("/rules/long.md", many.c_str(), 50);
    SearchSettings capped;
    capped.per_document = 1, capped.limit = 4;
    CHECK(found(*b.base, "travel costs", capped).size() == 4);
  }
}

TEST_CASE("a model that does not understand a language has little say in it") {
  HashingEmbedder words_only;
  CHECK(chinese_understood(words_only) < kUnderstood);
  struct Knowing final : HashingEmbedder {   // each question and its answer have one direction of their own
    void embed(std::span<const std::string_view> texts, Purpose purpose, std::span<float> vectors) override {
      for (size_t t = 0; t < texts.size(); ++t)
        for (size_t i = 0; i < 96; ++i) vectors[t * 96 + i] = i == (purpose == Purpose::query ? 2 * t : t) ? 1.f : 0.f;
    }
  } knowing;
  CHECK(chinese_understood(knowing) == 1);
  CHECK(has_east_asian("what is 合同"));
  CHECK(!has_east_asian("What is a contract? Größe, договор"));
}

TEST_CASE("a reranker decides the order") {
  struct Longest final : Reranker {
    void rank(std::string_view, std::span<const std::string_view> texts, std::span<float> scores) override {
      for (size_t i = 0; i < texts.size(); ++i) scores[i] = float(texts[i].size());
    }
  } longest;
  Base b("memory");
  b.base->add_text("short", "An apple.", "t");
  b.base->add_text("long", "Some of us would rather have an apple than a pear, but who would ask us?", "t");
  const auto hits = b.base->search("apple", {}, &longest);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].path == "long");
  CHECK(hits[0].score == hits[0].rerank_score);
}

#if defined(HADAL_WITH_SQLITE)
TEST_CASE("a base refuses another embedding model and can be made anew with it") {
  Base b("file");
  b.base->add_text("a", "Apples grow on trees.", "");
  b.embedder = std::make_shared<HashingEmbedder>(64, 254, "other");
  try {
    b.open();
    FAIL("it was opened");
  } catch (const Error& error) {
    CHECK(error.status() == Status::unsupported);
    CHECK(std::string(error.what()).find("hashing-96") != std::string::npos);
    CHECK(std::string(error.what()).find("other-64") != std::string::npos);
  }
  KnowledgeBase text_only(open_store(b.path, false), nullptr, system_host());
  CHECK(text_only.search("apples", {}).size() == 1);
}
#endif
