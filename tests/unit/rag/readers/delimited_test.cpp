#include <doctest/doctest.h>

#include <algorithm>

#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("a csv file becomes rows that know their line, under a header") {
  const Document document =
      read("Part,Price,Note\r\nX-100,12.5,\"two\r\nlines, and \"\"quotes\"\"\"\r\n,,\r\nY,3,\r\n", "a.csv");
  CHECK(outline(document) ==
        "th #1 Part⇥Price⇥Note\ntr #2 X-100⇥12.5⇥two lines, and \"quotes\"\ntr #5 Y⇥3\n");
  CHECK(document.blocks[0].table == document.blocks[2].table);
}

TEST_CASE("the delimiter of a csv file is found") {
  CHECK(outline(read("a;b\n1,5;2\n", "a.csv")) == "th #1 a⇥b\ntr #2 1,5⇥2\n");
  CHECK(outline(read("a\tb\n1\t2\n", "a.csv")) == "th #1 a⇥b\ntr #2 1⇥2\n");
  CHECK(outline(read("a|b\n1|2\n", "a.csv")) == "th #1 a⇥b\ntr #2 1⇥2\n");
  CHECK(outline(read("a,b\tc\n", "a.tsv")) == "th #1 a,b⇥c\n");
}

TEST_CASE("a csv file without column names has no header") {
  CHECK(outline(read("1,2\n3,4\n", "a.csv")) == "tr #1 1⇥2\ntr #2 3⇥4\n");
}

TEST_CASE("a quote that is never closed takes only its own cell") {
  CHECK(outline(read("a,b\n\"open,2\nx,y\n", "a.csv")) == "th #1 a⇥b\ntr #2 \"open⇥2\ntr #3 x⇥y\n");
}

TEST_CASE("a line of very many cells keeps its words and not all its columns") {
  std::string csv, markdown = "|a|\n|-|\n|";
  for (int i = 0; i < 20000; ++i) csv += "x,", markdown += "x|";
  for (const Document& document : {read(csv + "\"open,end\n", "a.csv"), read(markdown + "\"open|end|\n", "a.md")}) {
    const auto tabs = std::count(document.text.begin(), document.text.end(), '\t');
    CHECK(tabs == 16383);
    CHECK(document.text.find("\"open") != std::string::npos);
    CHECK(document.text.ends_with("end"));
  }
}
