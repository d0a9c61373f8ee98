// Against python-docx, openpyxl and python-pptx (tests/golden/recipes/documents.py).
#include <doctest/doctest.h>

#include "rag/readers/xlsx_format.hpp"
#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("docx, xlsx, pptx, odt and epub give the blocks their own libraries see") {
  for (const char* name : {"manual.docx", "parts.xlsx", "winter.pptx", "manual.odt", "pump.epub"}) {
    CAPTURE(name);
    const Document document = read(golden(name), name);
    CHECK(outline(document) == golden(std::string(name) + ".outline"));
  }
}

TEST_CASE("packed documents are known by what they hold, whatever their name") {
  CHECK(read(golden("manual.docx"), "manual.pdf").title == "Pump manual");
  CHECK(read(golden("parts.xlsx"), "x").mime.ends_with("spreadsheetml.sheet"));
  CHECK(read(golden("winter.pptx"), "x").pages == 2);
  CHECK(read(golden("manual.odt"), "x").mime.ends_with("opendocument.text"));
  CHECK(read(golden("pump.epub"), "x").title == "The pump");
  CHECK(refusal("no zip", "a.docx") == "damaged");
  CHECK(refusal("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 old", "a.doc") == "unsupported");
  CHECK(refusal(std::string("\xD0\xCF\x11\xE0") + std::string("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0", 32),
                "a.docx") == "encrypted");
}

TEST_CASE("stored numbers are shown as dates, percentages and numbers of 15 digits") {
  CHECK(shown_number("60", NumberLook::general, false) == "60");
  CHECK(shown_number("61", NumberLook::date, false) == "1900-03-01");
  CHECK(shown_number("59", NumberLook::date, false) == "1900-02-28");
  CHECK(shown_number("1", NumberLook::date, false) == "1900-01-01");
  CHECK(shown_number("45351.5", NumberLook::date, false) == "2024-02-29 12:00");
  CHECK(shown_number("43889", NumberLook::date, true) == "2024-02-29");
  CHECK(shown_number("0.75", NumberLook::date, false) == "18:00");
  CHECK(shown_number("0.30000000000000004", NumberLook::general, false) == "0.3");
  CHECK(shown_number("0.07", NumberLook::percent, false) == "7%");
  CHECK(shown_number("x1", NumberLook::date, false) == "x1");
  CHECK(shown_number("1e999", NumberLook::general, false) == "1e999");
  CHECK(look_of_format_code("yyyy\\-mm\\-dd") == NumberLook::date);
  CHECK(look_of_format_code("[h]:mm") == NumberLook::date);
  CHECK(look_of_format_code("\"days\" 0.00;[Red]-0.00") == NumberLook::general);
  CHECK(look_of_format_code("#,##0.0%") == NumberLook::percent);
}
