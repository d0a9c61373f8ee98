#include "rag/passages.hpp"

#include <doctest/doctest.h>

#include "unit/rag/hashing_embedder.hpp"

using namespace hadal;
using namespace hadal::rag;

namespace {

std::string long_text(const char* topic, int sentences) {
  std::string out;
  for (int i = 0; i < sentences; ++i) out += "The " + std::string(topic) + " has rule number " + std::to_string(i) + " in its list. ";
  return out;
}

constexpr auto by_words = [](std::string_view text) { return int64_t(segment(text).size()); };

}  // namespace

TEST_CASE("passages fill the budget with whole chunks, and neighbours become one") {
  const auto embedder = std::make_shared<HashingEmbedder>();
  KnowledgeBase base(make_memory_store(), embedder, system_host());
  base.add_text("pump", long_text("pump", 200), "");
  base.add_text("valve", long_text("valve", 200), "");
  SearchSettings settings;
  settings.limit = 20;
  const std::vector<SearchHit> hits = base.search("pump rule", settings);
  PassageNumbers numbers;
  for (const int64_t budget : {50, 300, 900, 100000}) {
    CAPTURE(budget);
    const std::vector<Passage> passages = pack_passages(base.store(), hits, budget, by_words, numbers);
    int64_t used = 0;
    for (size_t i = 0; i < passages.size(); ++i) {
      const Passage& p = passages[i];
      used += by_words(p.text);
      CHECK(p.text == base.text(p.document).substr(p.from, p.to - p.from));
      CHECK(numbers.find(p.number) != nullptr);
      CHECK(numbers.find(p.number)->from == p.from);
      for (size_t k = 0; k < i; ++k)
        CHECK((passages[k].document != p.document || passages[k].from > p.to || p.from > passages[k].to));
    }
    CHECK(used <= budget);
    CHECK((budget < 300) == passages.empty());
  }
  // The same stretch of text keeps its number.
  const auto again = pack_passages(base.store(), hits, 100000, by_words, numbers);
  const auto once_more = pack_passages(base.store(), hits, 100000, by_words, numbers);
  REQUIRE(again.size() == once_more.size());
  for (size_t i = 0; i < again.size(); ++i) CHECK(again[i].number == once_more[i].number);
}

TEST_CASE("documents are given whole where they fit together") {
  KnowledgeBase base(make_memory_store(), std::make_shared<HashingEmbedder>(), system_host());
  base.add_text("a", "Short text of a.", "");
  base.add_text("b", "Short text of b.", "");
  PassageNumbers numbers;
  CHECK(whole_documents(base.store(), base.documents(), 100, by_words, numbers).size() == 2);
  CHECK(whole_documents(base.store(), base.documents(), 20, by_words, numbers).empty());
}

TEST_CASE("marks in an answer are read as numbers") {
  CHECK(cited_numbers("So it is [2]. And [1, 3], 【4】 or [2] again.") == std::vector<int>{2, 1, 3, 4});
  CHECK(cited_numbers("array[0x1], [a], [ ], [12") == std::vector<int>{});
  CHECK(cited_numbers("[1][2]") == std::vector<int>{1, 2});
  CHECK(cited_numbers("[99999999999999999999]") == std::vector<int>{});
  PassageNumbers numbers;
  CHECK(numbers.find(0) == nullptr);
  CHECK(numbers.find(1) == nullptr);
}

TEST_CASE("follow-up questions are recognised by what they point to") {
  for (const char* yes : {"And the second one?", "What about it?", "Why?", "那第二条呢？", "它多少钱", "Who pays them then?"}) {
    CAPTURE(yes);
    CHECK(is_follow_up(yes));
  }
  for (const char* no : {"How many days of notice must a tenant give?", "租客提前退租需要提前多少天通知房东？"}) {
    CAPTURE(no);
    CHECK(!is_follow_up(no));
  }
  CHECK(combined_question("What is clause 1?", "And the second?") == "What is clause 1? And the second?");
  CHECK(combined_question("第一条是什么？", "那第二条呢？") == "第一条是什么？那第二条呢？");
  CHECK(combined_question("", "Why?") == "Why?");
}

TEST_CASE("the prompt names places, facts and the question in its language") {
  Passage p;
  p.number = 1, p.path = "/docs/handbook.pdf", p.page_from = 3, p.page_to = 4, p.heading = "Pumps > Oil", p.text = "Use AB-1.";
  CHECK(place_of(p) == "handbook.pdf, pp. 3-4, Pumps > Oil");
  const std::string prompt = question_with_passages("Which oil?", {p}, {"Owns a boat."}, AnswerStyle::question);
  CHECK(prompt.find("[1] handbook.pdf, pp. 3-4, Pumps > Oil\nUse AB-1.\n") != std::string::npos);
  CHECK(prompt.find("- Owns a boat.") != std::string::npos);
  CHECK(prompt.ends_with("Question: Which oil?"));
  CHECK(question_with_passages("用什么油？", {p}, {}, AnswerStyle::question).ends_with("问题：用什么油？"));
  CHECK(not_in_documents("用什么油？") == "文档中没有找到相关内容。");
}
