#include "rag/segment.hpp"

#include <doctest/doctest.h>

#include "rag/file_pattern.hpp"

using namespace hadal::rag;
using Words = std::vector<std::string>;

TEST_CASE("words of spaced scripts are folded") {
  CHECK(segment("The Quick-Brown FOX") == Words{"the", "quick", "brown", "fox"});
  CHECK(segment("Ärger über Größe, Łódź und smørbrød") ==
        Words{"arger", "uber", "grosse", "lodz", "und", "smorbrod"});
  CHECK(segment("Привет, ΜΕΓΑΣ") == Words{"привет", "μεγασ"});
  CHECK(segment("ＡＢ１２ ﬁnd e\xCC\x81") == Words{"ab12", "find", "e"});
  CHECK(segment(" \n\t,;!") == Words{});
}

TEST_CASE("unspaced scripts become overlapping pairs and the last character") {
  CHECK(segment("知识库") == Words{"知识", "识库", "库"});
  CHECK(segment("库") == Words{"库"});
  CHECK(segment("第3.2条") == Words{"第", "3", "2", "3.2", "条"});
  CHECK(segment("한국어 ひらがな") == Words{"한국", "국어", "어", "ひら", "らが", "がな", "な"});
  CHECK(segment("合同，违约") == Words{"合同", "同", "违约", "约"});
}

TEST_CASE("clause and part numbers are words beside their parts") {
  CHECK(segment("Part AB-123/4.") == Words{"part", "ab", "123", "4", "ab-123/4"});
  CHECK(segment("see 3.2.1, then") == Words{"see", "3", "2", "1", "3.2.1", "then"});
  CHECK(segment("well-known") == Words{"well", "known"});
}

TEST_CASE("a question is its content words, a quoted part a phrase") {
  const auto words = [](std::string_view question) {
    std::string out;
    for (const QueryTerm& term : query_terms(question)) {
      for (const std::string& word : term.words) out += word + ' ';
      out += term.prefix ? "* | " : "| ";
    }
    return out;
  };
  CHECK(words("What is the warranty?") == "warranty | ");
  CHECK(words("what is the") == "what | is | the | ");   // nothing else to look for
  CHECK(words("\"limited warranty\" of AB-12") == "limited warranty | ab-12 | ab | 12 | ");
  CHECK(words("违约金是多少？") == "违约 | 约金 | 金是 | 违约 约金 金是 是多 多少 | ");
  CHECK(words("库") == "库 * | ");
  CHECK(words("") == "");
  CHECK(match_expression(query_terms("知识库 cat")) == "\"知识\" OR \"识库\" OR \"知识 识库\" OR \"cat\"");
}

TEST_CASE("file patterns know names, paths and folders in between") {
  CHECK(matches("*.pdf", "a/b/Contract.PDF"));
  CHECK(!matches("*.pdf", "a/pdf"));
  CHECK(matches("docs/*.md", "docs/a.md"));
  CHECK(!matches("docs/*.md", "docs/x/a.md"));
  CHECK(matches("docs/**", "docs/x/a.md"));
  CHECK(matches("docs/**/a.md", "docs/a.md"));
  CHECK(matches("docs/**/a.md", "docs/x/y/a.md"));
  CHECK(!matches("docs/**/a.md", "docs/x/y/ba.md"));
  CHECK(matches("**/draft*", "x/y/draft 2.txt"));
  CHECK(matches("file?.txt", "file1.txt"));
  CHECK(matches_any("*.md *.txt", "b.txt"));
  CHECK(!matches_any("", "b.txt"));
  CHECK(!matches("*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));   // in time
}
