#include <doctest/doctest.h>

#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("plain text becomes paragraphs parted by empty lines, with their lines kept") {
  CHECK(outline(read("One\r\ntwo  three\r\n\r\n  Four\n\n\n", "a.txt")) == "p One⏎two three\np Four\n");
  CHECK(outline(read("", "a.txt")).empty());
  CHECK(outline(read(" \n\t\n", "a.txt")).empty());
}

TEST_CASE("numbered and named lines on their own are headings") {
  CHECK(outline(read("CHAPTER I\n\nIt began.\n\n2.1 Scope of use\n\nThis is 1.5 m.\n\n第三章 总则\n\n正文。\n", "a.txt")) ==
        "h1 CHAPTER I\np It began.\nh2 2.1 Scope of use\np This is 1.5 m.\nh1 第三章 总则\np 正文。\n");
}

TEST_CASE("a form feed begins a page of plain text") {
  const Document document = read("first\n\fsecond\n\fthird", "a.txt");
  CHECK(document.pages == 3);
  CHECK(outline(document) == "p @1 first\np @2 second\np @3 third\n");
}

TEST_CASE("control characters, byte order marks and soft hyphens leave no trace in the text") {
  CHECK(read("\xEF\xBB\xBF" "a\x01" "b\xC2\xAD" "c\xE2\x80\x8B" "d\xC2\xA0" "e", "a.txt").text == "abcd e");
}
