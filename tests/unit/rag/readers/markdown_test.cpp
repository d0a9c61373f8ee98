#include <doctest/doctest.h>

#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("markdown's headings, lists, tables and code become blocks") {
  const Document document = read(
      "---\ntitle: \"Handbook\"\n---\n# One #\ntext *with* [a link](http://x.y)\nsecond line\n\nTwo\n---\n"
      "- first\n  goes on\n  - inner\n1. number\n\n```c\nint  x;\n\n  y\n```\n\n| A | B |\n|---|:-:|\n| 1 | a\\|b |\n| 2 |\n\n"
      "    indented\n      code\n\n> quoted\n\n### Three\n***\nend\n",
      "a.md");
  CHECK(document.title == "Handbook");
  CHECK(outline(document) ==
        "h1 One\np text *with* a link⏎second line\nh2 Two\nl1 - first⏎goes on\nl2 - inner\nl1 1. number\n"
        "code int  x;⏎⏎  y\nth A⇥B\ntr 1⇥a|b\ntr 2\ncode indented⏎  code\np quoted\nh3 Three\np end\n");
}

TEST_CASE("markdown that never closes what it opens is still read to its end") {
  CHECK(outline(read("a\n\n```\ncode\n# not a heading", "a.md")) == "p a\ncode code⏎# not a heading\n");
  CHECK(outline(read("[a](b `c", "a.md")) == "p [a](b `c\n");
  CHECK(outline(read("---\nno end", "a.md")) == "p no end\n");
}
