// Documents made to hurt: every one must end in a document or a clean refusal, in bounded time and memory.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <vector>

#include "rag/readers/reading.hpp"
#include "rag/readers/zip_archive.hpp"
#include "unit/rag/readers/reading.hpp"
#include "unit/rag/readers/zip_writer.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

namespace {

std::string docx(std::string document) { return zip({stored("word/document.xml", std::move(document))}); }

// Deflate data of `blocks` fixed blocks that repeat one byte 258 times a code: about 1 to 1000.
std::string deflate_bomb(size_t blocks) {
  std::string out;
  uint32_t held = 0, bits = 0;
  const auto bit = [&](uint32_t value, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      held |= (value >> i & 1) << bits;
      if (++bits == 8) out += char(held), held = bits = 0;
    }
  };
  bit(1, 1), bit(1, 2);                      // last block, fixed codes
  bit(0b00001100, 8);                        // literal 0: 00110000, from the top
  for (size_t i = 0; i < blocks; ++i) bit(0b10100011, 8), bit(0, 5);   // length 258 (11000101), distance 1
  bit(0, 7);                                 // end
  if (bits) out += char(held);
  return out;
}

std::string mutated(std::string text, std::mt19937& random) {
  for (unsigned edits = 1 + random() % 8; edits > 0 && !text.empty(); --edits) {
    const size_t at = random() % text.size();
    const size_t length = std::min<size_t>(text.size() - at, 1 + random() % 64);
    switch (random() % 6) {
      case 0: text[at] = char(random()); break;
      case 1: text[at] ^= char(1 << random() % 8); break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, text.substr(at, length)); break;
      case 4: text.replace(at, length, length, "\xFF\0""9<(["[random() % 6]); break;
      default: if (random() % 4 == 0) text.resize(at);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("mutated documents of every kind are read or refused, quickly") {
  // 2,100 each time; 28,000 with HADAL_TEST_LONG.
  const size_t each = std::getenv("HADAL_TEST_LONG") ? 2000 : 150;
  const std::string page = "<html><h1>T</h1><p>a &amp; b<table><tr><th>A<td>1</table><ul><li>x<li>y</ul><pre>z</pre>";
  const std::string mail = "From: a@b.c\nSubject: =?utf-8?Q?x=41?=\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
                           "Content-Transfer-Encoding: base64\n\nYWJj\n--b\nContent-Type: text/html\n\n<p>x\n--b--\n";
  std::mt19937 random(7);
  for (const std::string name :
       {"manual.docx", "parts.xlsx", "winter.pptx", "manual.odt", "pump.epub", "two_columns.pdf", "rotated.pdf",
        "cjk.pdf", "forms.pdf", "encodings.pdf", "owner_password.pdf", "a.html", "a.csv", "a.eml", "a.md"}) {
    const std::string seed = name == "a.html"  ? page
                             : name == "a.eml" ? mail
                             : name == "a.csv" ? "a,b\n\"1\",2\n3,\"4\n5\"\n"
                             : name == "a.md"  ? "# T\n\n- a\n  - b\n\n|x|y|\n|-|-|\n|1|2|\n\n```\nc\n```\n"
                                               : golden(name);
    for (size_t i = 0; i < each; ++i) {
      CAPTURE(name);
      CAPTURE(i);
      const auto start = std::chrono::steady_clock::now();
      refusal(mutated(seed, random), name);
      CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
    }
  }
}

TEST_CASE("mutated XML inside intact archives is read or refused, quickly") {
  const size_t each = std::getenv("HADAL_TEST_LONG") ? 1000 : 60;
  std::mt19937 random(11);
  const ReadLimits limits;
  auto never = [] { return false; };
  for (const std::string name : {"manual.docx", "parts.xlsx", "winter.pptx", "manual.odt", "pump.epub"}) {
    const std::string bytes = golden(name);
    const Reading reading{bytes, name, limits, never};
    ZipArchive archive(reading);
    std::vector<ZipPart> parts;
    std::vector<size_t> xml;
    archive.for_each_name([&](std::string_view part) {
      const bool read = part.find("theme") == part.npos && part.find("ayout") == part.npos &&
                        (part.ends_with("ml") || part.ends_with("rels") || part.ends_with("opf"));
      if (read) xml.push_back(parts.size());
      parts.push_back(stored(std::string(part), archive.part(part)));
    });
    for (size_t i = 0; i < each; ++i) {
      CAPTURE(name);
      CAPTURE(i);
      std::vector<ZipPart> changed = parts;
      ZipPart& part = changed[xml[random() % xml.size()]];
      part = stored(part.name, mutated(part.packed, random));
      const auto start = std::chrono::steady_clock::now();
      refusal(zip(changed), name);
      CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
    }
  }
}

TEST_CASE("a zip bomb is refused while it is unpacked, whatever size it claims") {
  const std::string packed = deflate_bomb(1000000);   // 1.6 MB that become 258 MB
  ReadLimits limits;
  limits.unpacked_ratio = 100;
  for (const uint32_t claimed : {100u, 258000001u})
    CHECK(refusal(zip({{"word/document.xml", packed, 8, claimed, 0}}), "a.docx", limits) == "too_large");
  limits.unpacked_ratio = 100000;
  limits.unpacked_bytes = size_t{1} << 24;
  CHECK(refusal(zip({{"word/document.xml", packed, 8, 100, 0}}), "a.docx", limits) == "too_large");
}

TEST_CASE("archives with too many parts, names that lead out, or broken directories are refused") {
  std::vector<ZipPart> parts{stored("word/document.xml", "<w:p/>")};
  CHECK(refusal(zip(parts), "a.docx") == "read");
  for (const char* name : {"../evil", "/etc/passwd", "a/../../b", "C:\\x", "a\\b"}) {
    parts.push_back(stored(name, "x"));
    CHECK(refusal(zip(parts), "a.docx") == "damaged");
    parts.pop_back();
  }
  ReadLimits limits;
  limits.entries = 10;
  for (int i = 0; i < 10; ++i) parts.push_back(stored("p" + std::to_string(i), ""));
  CHECK(refusal(zip(parts), "a.docx", limits) == "too_large");
  std::string broken = docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>");
  broken[60] ^= 1;   // inside the part: its checksum tells
  CHECK(refusal(broken, "a.docx") == "damaged");
}

TEST_CASE("a zip64 locator that points beyond all bytes is passed over") {
  std::string bytes = docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>");
  std::string locator = "PK\x06\x07";
  put(locator, 0, 4), put(locator, ~uint64_t{0} - 20, 8), put(locator, 1, 4);
  bytes.insert(bytes.size() - 22, locator);
  CHECK(outline(read(bytes, "a.docx")) == "p x\n");
}

TEST_CASE("a pdf page of more blanks than any page has is refused") {
  const std::string page = "BT /F 9 Tf (" + std::string(4100000, ' ') + ") Tj ET";
  const std::string body =
      "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
      "3 0 obj\n<</Type/Page/Parent 2 0 R/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>\nendobj\n"
      "4 0 obj\n<</Length " + std::to_string(page.size()) + ">>stream\n" + page +
      "\nendstream\nendobj\n5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica/FirstChar 32/Widths[0]>>\nendobj\n"
      "trailer<</Root 1 0 R>>\n";
  CHECK(refusal(body, "a.pdf") == "too_large");
}

TEST_CASE("XML ten thousand elements deep and entities of its own do no harm") {
  std::string deep = "<w:document><w:body>";
  for (int i = 0; i < 10000; ++i) deep += "<w:sdt><w:sdtContent>";
  CHECK(outline(read(docx(deep + "<w:p><w:r><w:t>core</w:t></w:r></w:p>"), "a.docx")) == "p core\n");
  std::string tables;
  for (int i = 0; i < 10000; ++i) tables += "<w:tbl><w:tr><w:tc>";
  CHECK(refusal(docx(tables), "a.docx") == "too_large");
  std::string paragraphs;
  for (int i = 0; i < 10000; ++i) paragraphs += "<w:p>";
  CHECK(refusal(docx(paragraphs), "a.docx") == "too_large");
  CHECK(outline(read(docx("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\"><!ENTITY b \"&a;&a;&a;\">]>"
                          "<w:p><w:r><w:t>&a;|&b;|&lt;</w:t></w:r></w:p>"), "a.docx")) == "p &a;|&b;|<\n");
}

TEST_CASE("a pdf whose forms call each other without end stops") {
  std::string body = "%PDF-1.4\n", objects[] = {
      "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
      "<</Type/Page/Parent 2 0 R/Resources 5 0 R/Contents 4 0 R>>", "", "<</XObject<</A 6 0 R>>/Font<</F 7 0 R>>>>", "",
      "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"};
  const std::string calls = "BT /F 9 Tf (x) Tj ET /A Do /A Do /A Do /A Do";
  objects[3] = "<</Length " + std::to_string(calls.size()) + ">>stream\n" + calls + "\nendstream";
  objects[5] =
      "<</Subtype/Form/Resources 5 0 R/Length " + std::to_string(calls.size()) + ">>stream\n" + calls + "\nendstream";
  for (size_t i = 0; i < 7; ++i) body += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  body += "trailer<</Root 1 0 R>>\n";
  ReadLimits limits;
  limits.unpacked_bytes = size_t{4} << 20;
  const auto start = std::chrono::steady_clock::now();
  CHECK(refusal(body, "a.pdf", limits) == "too_large");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("a pdf whose pages name each other as children ends") {
  std::string body = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n";
  for (int i = 2; i < 3000; ++i)   // deep, and a circle at the end
    body +=
        std::to_string(i) + " 0 obj\n<</Type/Pages/Kids[" + std::to_string(i < 2999 ? i + 1 : 2) + " 0 R]>>\nendobj\n";
  CHECK(refusal(body + "trailer<</Root 1 0 R>>\n", "a.pdf") != "read");
}

TEST_CASE("a pdf whose stream is a bomb is refused before it is unpacked") {
  std::string packed = "\x78\x9C" + deflate_bomb(1000000);
  ReadLimits limits;
  limits.unpacked_ratio = 100;
  std::string body =
      "%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n5 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode"
      "/Length " +
      std::to_string(packed.size()) + ">>stream\n" + packed + "\nendstream\nendobj\ntrailer<</Root 1 0 R>>\n";
  CHECK(refusal(body, "a.pdf", limits) == "too_large");
  CHECK(refusal("%PDF-1.5\n<</Filter[/FlateDecode /FlateDecode]>>", "a.pdf") == "too_large");
}
