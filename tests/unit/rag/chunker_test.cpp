#include "rag/chunker.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "unit/rag/hashing_embedder.hpp"

using namespace hadal::rag;

namespace {

struct Builder {
  Document document;
  void add(BlockKind kind, std::string_view text, uint8_t level = 0, uint32_t page = 0, uint32_t table = 0, uint32_t row = 0) {
    if (!document.text.empty()) document.text += "\n\n";
    Block block;
    block.kind = kind, block.level = level, block.page = page, block.table = table, block.row = row;
    block.from = document.text.size();
    document.text += text;
    block.to = document.text.size();
    document.blocks.push_back(block);
  }
};

std::string sentences(int first, int count, int words = 10) {
  std::string out;
  for (int s = first; s < first + count; ++s) {
    if (!out.empty()) out += ' ';
    out += "Sentence" + std::to_string(s);
    for (int w = 1; w < words; ++w) out += " word" + std::to_string(s * 100 + w);
    out += '.';
  }
  return out;
}

std::string cut(const Document& d, const Chunk& c) { return d.text.substr(c.from, c.to - c.from); }

size_t characters(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

TEST_CASE("chunks cover the text, know their place and stay below the limit") {
  HashingEmbedder embedder(8, 100);
  Builder b;
  b.add(BlockKind::heading, "Größe", 1, 1);
  b.add(BlockKind::paragraph, sentences(1, 25), 0, 1);
  b.add(BlockKind::paragraph, sentences(26, 4), 0, 2);
  b.add(BlockKind::heading, "Zweiter Teil", 2, 2);
  b.add(BlockKind::paragraph, sentences(30, 40), 0, 3);
  b.add(BlockKind::paragraph, "很好。" + sentences(70, 3), 0, 4);
  const Document& d = b.document;
  const std::vector<Chunk> chunks = make_chunks(d, "Handbook", embedder);
  REQUIRE(chunks.size() > 5);
  CHECK(chunks.front().from == 0);
  CHECK(chunks.back().to == d.text.size());
  for (size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& c = chunks[i];
    CAPTURE(i);
    CHECK(c.tokens <= 100);
    CHECK(c.tokens == embedder.count_tokens(c.embedded));
    CHECK(c.embedded == c.front + cut(d, c));
    CHECK(c.front.starts_with("Handbook"));
    CHECK(c.char_from == characters(std::string_view(d.text).substr(0, c.from)));
    CHECK(c.char_to == characters(std::string_view(d.text).substr(0, c.to)));
    CHECK(c.page_from >= 1);
    CHECK(c.page_to >= c.page_from);
    // Nothing but white space is left out between two chunks.
    if (i > 0 && c.from > chunks[i - 1].to)
      CHECK(d.text.find_first_not_of(" \n", chunks[i - 1].to) == c.from);
  }
  CHECK(chunks.front().heading == "Größe");
  CHECK(chunks.back().heading == "Größe > Zweiter Teil");
}

TEST_CASE("overlap is whole sentences of the same section, a tenth or so") {
  HashingEmbedder embedder(8, 100);
  Builder b;
  b.add(BlockKind::paragraph, sentences(1, 30, 6));
  b.add(BlockKind::heading, "Next", 1);
  b.add(BlockKind::paragraph, sentences(31, 30, 6));
  const std::vector<Chunk> chunks = make_chunks(b.document, "", embedder);
  int overlaps = 0;
  for (size_t i = 1; i < chunks.size(); ++i) {
    const Chunk &before = chunks[i - 1], &c = chunks[i];
    if (c.from >= before.to) {
      CHECK((c.heading != before.heading));   // only a heading stops it
      continue;
    }
    ++overlaps;
    const std::string repeated = b.document.text.substr(c.from, before.to - c.from);
    CHECK(repeated.starts_with("Sentence"));
    CHECK(repeated.back() == '.');
    CHECK(embedder.count_tokens(repeated) <= 15);
    CHECK(embedder.count_tokens(repeated) >= 6);
  }
  CHECK(overlaps == 2);
}

TEST_CASE("rows are not torn and repeat their table's header in the embedded text only") {
  HashingEmbedder embedder(8, 60);
  Builder b;
  b.add(BlockKind::table_header, "Part\tPrice\tStock", 0, 0, 1, 1);
  for (int i = 0; i < 40; ++i)
    b.add(BlockKind::table_row, "AB-" + std::to_string(i) + "\t" + std::to_string(i * 3) + " EUR\tyes", 0, 0, 1, uint32_t(i + 2));
  const std::vector<Chunk> chunks = make_chunks(b.document, "Prices", embedder);
  REQUIRE(chunks.size() > 2);
  for (size_t i = 1; i < chunks.size(); ++i) {
    const std::string text = cut(b.document, chunks[i]);
    CHECK(text.starts_with("AB-"));
    CHECK(text.ends_with("yes"));
    CHECK(text.find("Price") == std::string::npos);
    CHECK(chunks[i].front == "Prices\nPart Price Stock\n");
    CHECK(chunks[i].row_from == chunks[i - 1].row_to + 1);
    CHECK(chunks[i].tokens <= 60);
  }
}

TEST_CASE("code is not torn unless it alone is too long") {
  HashingEmbedder embedder(8, 60);
  Builder b;
  b.add(BlockKind::paragraph, sentences(1, 4));
  std::string code;
  for (int i = 0; i < 12; ++i) code += "call(" + std::to_string(i) + ");\n";
  b.add(BlockKind::code, code);
  const std::vector<Chunk> chunks = make_chunks(b.document, "", embedder);
  const auto whole = std::count_if(chunks.begin(), chunks.end(), [&](const Chunk& c) {
    return cut(b.document, c).find("call(0);") != std::string::npos && cut(b.document, c).find("call(11);") != std::string::npos;
  });
  CHECK(whole == 1);
  code.clear();
  for (int i = 0; i < 100; ++i) code += "line(" + std::to_string(i) + ");\n";
  Builder longer;
  longer.add(BlockKind::code, code);
  for (const Chunk& c : make_chunks(longer.document, "", embedder)) {
    CHECK(cut(longer.document, c).starts_with("line("));
    CHECK(cut(longer.document, c).ends_with(");"));
  }
}

TEST_CASE("short sections share a chunk under the heading they have in common") {
  HashingEmbedder embedder(8, 254);
  Builder b;
  b.add(BlockKind::heading, "Part", 1);
  b.add(BlockKind::heading, "First", 2);
  b.add(BlockKind::paragraph, "Short one.");
  b.add(BlockKind::heading, "Second", 2);
  b.add(BlockKind::paragraph, "Short two.");
  const std::vector<Chunk> chunks = make_chunks(b.document, "", embedder);
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0].heading == "Part");
  CHECK(cut(b.document, chunks[0]) == b.document.text);
}

TEST_CASE("text without any place to cut is cut between characters") {
  HashingEmbedder embedder(8, 50);
  Builder chinese;
  std::string run;
  for (int i = 0; i < 700; ++i) run += "知识";
  chinese.add(BlockKind::paragraph, run);
  size_t covered = 0;
  for (const Chunk& c : make_chunks(chinese.document, "", embedder)) {
    CHECK(c.tokens <= 50);
    CHECK(c.from == covered);
    CHECK(c.from % 3 == 0);
    covered = c.to;
  }
  CHECK(covered == run.size());
  Builder word;
  word.add(BlockKind::paragraph, std::string(300000, 'x'));   // one word, in time
  CHECK(!make_chunks(word.document, "", embedder).empty());
}

TEST_CASE("a text nobody took apart is cut at its empty lines") {
  HashingEmbedder embedder(8, 40);
  Document d;
  d.text = sentences(1, 3) + "\n\n" + sentences(4, 3) + "\n\n\n" + sentences(7, 3);
  const std::vector<Chunk> chunks = make_chunks(d, "", embedder);
  REQUIRE(chunks.size() == 3);
  CHECK(cut(d, chunks[1]) == sentences(4, 3));
  CHECK(make_chunks(Document{}, "", embedder).empty());
}
