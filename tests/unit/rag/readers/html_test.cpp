#include <doctest/doctest.h>

#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("html's headings, lists, tables and preformatted text become blocks") {
  const Document document = read(
      "<!DOCTYPE html><html><head><title>The &amp; title</title><style>p{}</style><script>if (a<b) '</p>'</script></head>"
      "<body><h1>Top <em>one</em></h1><p>First&nbsp;par\n a &lt;b&gt; &#x4E2D;&#25991; &eacute;<p>Second<br>line"
      "<ul><li>one<ul><li>deep</li></ul></li><li>two</ul><pre>\nint  a;\n  b\n</pre>"
      "<table><tr><th>A<th>B<tr><td>1<td><p>two</p></table><dl><dt>Term<dd>Meaning</dl>tail</body></html>",
      "a.html");
  CHECK(document.title == "The & title");
  CHECK(
      outline(document) ==
      "h1 Top one\np First par a <b> 中文 é\np Second line\nl1 one\nl2 deep\nl1 two\ncode int  a;⏎  b\nth A⇥B\ntr 1⇥two\n"
      "p Term\nl1 Meaning\np tail\n");
}

TEST_CASE("a table that only arranges the page is read as text") {
  CHECK(outline(read("<table><tr><td>menu<td><h2>Head</h2><p>Text</p><table><tr><td>x<td>y</table>rest</table>",
                     "a.html")) == "p menu\nh2 Head\np Text\ntr x⇥y\np rest\n");
}

TEST_CASE("html that is broken off anywhere is still read") {
  const std::string page = "<html><!-- c --><p class=\"a>b\">x<table><tr><td>1</td></tr></table><![CDATA[z]]><b";
  for (size_t size = 0; size <= page.size(); ++size) read(page.substr(0, size), "a.html");
  CHECK(outline(read("<p>a <b and <i>c</i> & d &unknown; &#0; </nothing><p title='open>e</p>", "a.html")) ==
        "p a c & d &unknown; \xEF\xBF\xBD\np e\n");
}

TEST_CASE("menus and the signs beside headings are left out, a menu that is never closed ends at the text") {
  CHECK(
      outline(read(
          "<nav><ul><li>Home</ul><nav>x</nav></nav><div role=navigation><div>Next</div></div><h2>A<a class=headerlink "
          "href=#a>#</a></h2><p>b",
          "a.html")) == "h2 A\np b\n");
  CHECK(outline(read("<nav>Home<p>x<h1>Text</h1><p>b", "a.html")) == "h1 Text\np b\n");
}

TEST_CASE("line breaks between Chinese characters leave no space in html") {
  CHECK(outline(read("<p>第一行\n第二行 and\n第三行</p>", "a.html")) == "p 第一行第二行 and 第三行\n");
}

TEST_CASE("the encoding that html declares is used") {
  CHECK(outline(read("<meta charset=\"gb2312\"><p>\xD6\xD0\xCE\xC4</p>", "a.html")) == "p 中文\n");
  CHECK(outline(read("<meta http-equiv=content-type content=\"text/html; charset=big5\"><p>\xA4\xA4\xA4\xE5</p>",
                     "a.html")) == "p 中文\n");
}

TEST_CASE("ten thousand nested elements are read without a deep stack") {
  std::string page;
  for (int i = 0; i < 10000; ++i) page += "<table><tr><td><div><ul><li>";
  CHECK(outline(read(page + "core", "a.html")).ends_with("core\n"));
}
