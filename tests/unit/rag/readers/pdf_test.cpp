// Words of each page against pdftotext (tests/golden/recipes/documents.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

namespace {

std::vector<std::string> pages_of(const std::string& text) {
  std::vector<std::string> pages(1);
  for (const char c : text) {
    if (c == '\f') pages.emplace_back();
    else pages.back() += c;
  }
  return pages;
}

// Each word by itself; of Chinese and Japanese text each byte that is no space, as lines join without one.
std::vector<std::string> sorted_words(const std::string& text, bool characters) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t') {
      words.emplace_back();
    } else {
      words.back() += c;
      if (characters) words.emplace_back();
    }
  }
  std::erase(words, std::string());
  std::sort(words.begin(), words.end());
  return words;
}

std::string page_text(const Document& document, uint32_t page) {
  std::string text;
  for (const Block& block : document.blocks)
    if (block.page == page) text += text_of(document, block) + "\n";
  return text;
}

}  // namespace

TEST_CASE("every page of a pdf has the words pdftotext finds on it") {
  for (const std::string& name : std::vector<std::string>{"two_columns", "rotated", "cjk", "forms", "mixed_scan",
                                                          "owner_password", "encodings"}) {
    CAPTURE(name);
    const Document document = read(golden(name + ".pdf"), name + ".pdf");
    const std::vector<std::string> pages = pages_of(golden(name + ".pdf.pages"));
    REQUIRE(document.pages == pages.size());
    for (uint32_t page = 1; page <= document.pages; ++page) {
      CAPTURE(page);
      if (name == "encodings" && page == 2) continue;   // hyphens and slanted words, below
      CHECK(sorted_words(page_text(document, page), name == "cjk") == sorted_words(pages[page - 1], name == "cjk"));
    }
  }
}

TEST_CASE("two columns are read one after the other, a table row by row") {
  const Document document = read(golden("two_columns.pdf"), "a.pdf");
  REQUIRE(document.blocks.size() == 9);
  CHECK(text_of(document, document.blocks[0]) == "Care of the garden pump");
  CHECK(document.blocks[0].kind == BlockKind::heading);
  CHECK(text_of(document, document.blocks[1])
            .starts_with("The pump must be drained before the first frost. Open both valves and wait"));
  CHECK(text_of(document, document.blocks[1]).ends_with("came with the machine."));
  CHECK(text_of(document, document.blocks[2]).starts_with("Second column: The pump"));
  CHECK(outline(document).ends_with(
      "h2 @2 Spare parts\nth @2 Part⇥Name⇥Price\ntr @2 X-100⇥Upper valve⇥12.50\n"
      "tr @2 X-101⇥Lower valve⇥13.00\ntr @2 X-240⇥Filter⇥4.75\ntr @2 X-300⇥Gear set⇥88.00\n"));
}

TEST_CASE("words cut by a hyphen are whole again, others keep it; slanted words stay whole") {
  CHECK(page_text(read(golden("encodings.pdf"), "a.pdf"), 2) ==
        "A careful reader joins a hyphenated word, keeps state-of-the-art as it is, and leaves X- Ray alone.\n"
        "Draft across\n");
}

TEST_CASE("text on turned pages and in turned lines is read along its lines") {
  const Document document = read(golden("rotated.pdf"), "a.pdf");
  CHECK(page_text(document, 1).starts_with("The pump must be drained before the first frost."));
  CHECK(page_text(document, 2).find("Sidebar reading upwards\n") != std::string::npos);
  CHECK(page_text(document, 3) == "Upside down page.\n");
}

TEST_CASE("lines of Chinese text join without spaces") {
  CHECK(page_text(read(golden("cjk.pdf"), "a.pdf"), 1).find("质量标准，并对其提供") != std::string::npos);
}

TEST_CASE("scans and passwords are said, and pages without text noted") {
  CHECK(refusal(golden("scan.pdf"), "scan.pdf") == "needs_ocr");
  CHECK(refusal(golden("user_password.pdf"), "locked.pdf") == "encrypted");
  const Document mixed = read(golden("mixed_scan.pdf"), "mixed.pdf");
  REQUIRE(mixed.notes.size() == 1);
  CHECK(mixed.notes[0] == "Pages without text, which need OCR: 2 to 3.");
}

TEST_CASE("a pdf that is not one is damaged, a limit of pages holds") {
  CHECK(refusal("%PDF-1.4\nnothing", "a.pdf") == "damaged");
  CHECK(refusal("words", "a.pdf") == "damaged");
  ReadLimits limits;
  limits.pages = 1;
  CHECK(refusal(golden("two_columns.pdf"), "a.pdf", limits) == "too_large");
}
