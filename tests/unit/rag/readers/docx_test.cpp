// What python-docx does not write: numbers counted by Word, notes, text boxes, moved text, nested tables.
#include <doctest/doctest.h>

#include <algorithm>

#include "unit/rag/readers/reading.hpp"
#include "unit/rag/readers/zip_writer.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

namespace {

std::string paragraph(const std::string& text, const std::string& properties = "") {
  return "<w:p><w:pPr>" + properties + "</w:pPr><w:r><w:t>" + text + "</w:t></w:r></w:p>";
}

std::string listed(const std::string& text, int list, int level) {
  return paragraph(text, "<w:numPr><w:ilvl w:val=\"" + std::to_string(level) + "\"/><w:numId w:val=\"" +
                             std::to_string(list) + "\"/></w:numPr>");
}

std::string level(int which, const std::string& format, const std::string& text, int start = 1) {
  return "<w:lvl w:ilvl=\"" + std::to_string(which) + "\"><w:start w:val=\"" + std::to_string(start) +
         "\"/><w:numFmt w:val=\"" + format + "\"/><w:lvlText w:val=\"" + text + "\"/></w:lvl>";
}

}  // namespace

TEST_CASE("numbers that Word counts stand before their paragraphs") {
  const std::string numbering =
      "<w:numbering><w:abstractNum w:abstractNumId=\"5\">" + level(0, "chineseCountingThousand", "第%1章") +
      level(1, "decimal", "%1.%2") + level(2, "lowerLetter", "(%3)") +
      "</w:abstractNum><w:abstractNum w:abstractNumId=\"6\">" + level(0, "upperRoman", "%1.", 9) +
      level(1, "bullet", "•") +
      "</w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"5\"/></w:num><w:num w:numId=\"2\"><w:abstractNumId "
      "w:val=\"6\"/></w:num></w:numbering>";
  const std::string document = "<w:document><w:body>" + listed("总则", 1, 0) + listed("Scope", 1, 1) +
                               listed("first", 1, 2) + listed("second", 1, 2) + listed("Term", 1, 1) +
                               listed("again", 1, 2) + listed("付款", 1, 0) + listed("nine", 2, 0) +
                               listed("point", 2, 1) + listed("ten", 2, 0) + listed("none", 9, 0) +
                               "</w:body></w:document>";
  CHECK(
      outline(read(zip({stored("word/document.xml", document), stored("word/numbering.xml", numbering)}), "a.docx")) ==
      "l1 第一章 总则\nl2 一.1 Scope\nl3 (a) first\nl3 (b) second\nl2 一.2 Term\nl3 (a) again\nl1 第二章 付款\n"
      "l1 IX. nine\nl2 point\nl1 X. ten\nl1 none\n");
}

TEST_CASE("styles give headings through the styles they are based on, and numbers with them") {
  const std::string styles =
      "<w:styles><w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/><w:pPr><w:numPr><w:numId w:val=\"1\"/></w:numPr></w:pPr>"
      "</w:style><w:style w:styleId=\"Clause\"><w:name w:val=\"Clause\"/><w:basedOn w:val=\"1\"/></w:style>"
      "<w:style w:styleId=\"Round\"><w:basedOn w:val=\"Round\"/></w:style></w:styles>";
  const std::string numbering =
      "<w:numbering><w:abstractNum w:abstractNumId=\"0\">" + level(0, "decimal", "§ %1") +
      "</w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num></w:numbering>";
  const std::string document =
      paragraph("Payment", "<w:pStyle w:val=\"Clause\"/>") + paragraph("text", "<w:pStyle w:val=\"Round\"/>") +
      paragraph("Delivery", "<w:pStyle w:val=\"1\"/>") + paragraph("Own level", "<w:outlineLvl w:val=\"2\"/>");
  CHECK(outline(read(zip({stored("word/document.xml", document), stored("word/numbering.xml", numbering),
                          stored("word/styles.xml", styles)}), "a.docx")) ==
        "h1 § 1 Payment\np text\nh1 § 2 Delivery\nh3 Own level\n");
}

TEST_CASE("notes, text boxes and inserted text are read; moved and deleted text is not") {
  const std::string relations =
      "<Relationships><Relationship Id=\"r1\" Type=\"http://x/footnotes\" Target=\"footnotes.xml\"/></Relationships>";
  const std::string notes = "<w:footnotes><w:footnote w:type=\"separator\">" + paragraph("---") +
                            "</w:footnote><w:footnote>" + paragraph("The note.") + "</w:footnote></w:footnotes>";
  const std::string document =
      "<w:p><w:r><w:t>Before </w:t></w:r><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom>"
      "<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>" +
      paragraph("Boxed") + "</w:txbxContent></mc:Choice><mc:Fallback>" + paragraph("Boxed") +
      "</mc:Fallback></mc:AlternateContent></w:r>"
      "<w:r><w:t> after</w:t><w:br/><w:t>line</w:t><w:noBreakHyphen/><w:t>two</w:t></w:r></w:p>";
  CHECK(outline(read(zip({stored("word/document.xml", document), stored("word/footnotes.xml", notes),
                          stored("word/_rels/document.xml.rels", relations)}), "a.docx")) ==
        "p Boxed\np Before new after⏎line-two\np The note.\n");
}

TEST_CASE("cells over several columns keep the others in place, tables in cells become their text") {
  const std::string cell = "<w:tc>" + paragraph("a") + "</w:tc>";
  const std::string wide = "<w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr>" + paragraph("wide") + "</w:tc>";
  const std::string inner = "<w:tc><w:tbl><w:tr>" + cell + cell + "</w:tr></w:tbl>" + paragraph("end") + "</w:tc>";
  CHECK(outline(read(zip({stored("word/document.xml", "<w:tbl><w:tblPr><w:tblLook w:firstRow=\"0\"/></w:tblPr><w:tr>" +
                                                          cell + wide + cell + "</w:tr><w:tr>" + inner + cell +
                                                          "</w:tr></w:tbl>" + paragraph("p"))}),
                     "a.docx")) == "tr a⇥wide⇥⇥a\ntr a a end⇥a\np p\n");
}

TEST_CASE("a cell that claims thousands of columns gets some") {
  std::string spans;
  for (int i = 0; i < 1000; ++i) spans += "<w:gridSpan w:val=\"64\"/>";
  const Document document = read(zip({stored("word/document.xml", "<w:tbl><w:tr><w:tc>" + spans + paragraph("a") +
                                                                      "</w:tc><w:tc>" + paragraph("b") +
                                                                      "</w:tc></w:tr></w:tbl>")}), "a.docx");
  CHECK(std::count(document.text.begin(), document.text.end(), '\t') == 64);
}

TEST_CASE("a table inside a wide cell leaves the cell its columns") {
  const std::string cell = "<w:tc>" + paragraph("a") + "</w:tc>";
  const std::string inner = "<w:tbl><w:tr>" + cell + "</w:tr></w:tbl>";
  const std::string wide = "<w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr>" + inner + "</w:tc>";
  CHECK(outline(read(zip({stored("word/document.xml", "<w:tbl><w:tr>" + wide + cell + "</w:tr></w:tbl>")}),
                     "a.docx")) == "th a⇥⇥a\n");
}
