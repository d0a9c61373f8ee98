// pdf: pages to paragraphs; which of them are headings is told by their size against the document's usual one.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/pdf_content.hpp"
#include "rag/readers/pdf_file.hpp"
#include "rag/readers/pdf_paragraphs.hpp"
#include "rag/readers/reading.hpp"

namespace hadal::rag {
namespace {

struct ReadPage {
  std::vector<PageParagraph> paragraphs;
  bool scanned = false;
};

int half_points(float size) { return int(std::lround(size * 2)); }

// "3.1 Scope": how many numbers it begins with.
int section_depth(std::string_view text) {
  int depth = 0;
  size_t at = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    ++depth;
    if (at < text.size() && text[at] == '.') ++at;
  }
  return at < text.size() && text[at] == ' ' && at <= 12 ? depth : 0;
}

class HeadingRule {
 public:
  explicit HeadingRule(const std::vector<ReadPage>& pages) {
    std::map<int, size_t> characters;
    for (const ReadPage& page : pages)
      for (const PageParagraph& p : page.paragraphs) characters[half_points(p.size)] += p.characters;
    size_t most = 0;
    for (const auto& [size, count] : characters)
      if (count > most) most = count, body_ = size;
    std::map<int, size_t> larger;
    for (const ReadPage& page : pages)
      for (const PageParagraph& p : page.paragraphs)
        if (is_large(p)) ++larger[half_points(p.size)];
    for (auto size = larger.rbegin(); size != larger.rend(); ++size) sizes_.push_back(size->first);
  }

  // 0 = no heading.
  int level(const PageParagraph& p) const {
    if (is_large(p)) {
      const auto found = std::find(sizes_.begin(), sizes_.end(), half_points(p.size));
      return std::min(int(found - sizes_.begin()) + 1, 6);
    }
    constexpr size_t kLongestBold = 120;
    if (!p.bold || p.kind == PageParagraph::Kind::table_row || p.lines > 2 || p.characters > kLongestBold ||
        p.characters < 3 || half_points(p.size) + 1 < body_)
      return 0;
    const char last = p.text.empty() ? ' ' : p.text.back();
    if (last == '.' || last == ',' || last == ';' || last == ':' || p.text.ends_with("。")) return 0;
    return std::min(int(sizes_.size()) + std::max(section_depth(p.text), 1), 6);
  }

 private:
  bool is_large(const PageParagraph& p) const {
    constexpr size_t kLongest = 240;
    return p.kind != PageParagraph::Kind::table_row && p.lines <= 4 && p.characters <= kLongest && p.characters >= 2 &&
           float(half_points(p.size)) >= 1.12f * float(body_);
  }

  int body_ = 20;
  std::vector<int> sizes_;   // of headings, largest first
};

std::string page_list(const std::vector<uint32_t>& pages) {
  std::string list;
  for (size_t i = 0; i < pages.size() && list.size() < 200;) {
    size_t last = i;
    while (last + 1 < pages.size() && pages[last + 1] == pages[last] + 1) ++last;
    if (!list.empty()) list += ", ";
    list += std::to_string(pages[i]);
    if (last > i) list += " to " + std::to_string(pages[last]);
    i = last + 1;
  }
  return list;
}

Document read_pages(const Reading& reading) {
  PdfFile file(reading);
  PdfContentReader content(reading, file);
  std::vector<ReadPage> pages;
  std::vector<uint32_t> scanned;
  size_t characters = 0, images = 0, unknown = 0, glyphs = 0, bytes = 0;
  for (const PdfPage& page : file.pages()) {
    reading.check_cancelled();
    const PageText text = content.read(page);
    ReadPage& read = pages.emplace_back();
    read.paragraphs = paragraphs_of(reading_order(text));
    size_t on_page = 0;
    for (const PageParagraph& p : read.paragraphs) on_page += p.characters;
    constexpr size_t kLeastCharacters = 20;
    read.scanned = on_page < kLeastCharacters && text.images > 0;
    if (read.scanned) scanned.push_back(uint32_t(pages.size()));
    characters += on_page;
    images += text.images;
    unknown += text.unknown;
    glyphs += text.glyphs.size();
    bytes += text.text.size();
    if (bytes > reading.limits.text_bytes)
      reading.fail(ReadFailure::too_large, "expected at most " + std::to_string(reading.limits.text_bytes) +
                                               " bytes of text, found more");
  }
  if (pages.empty()) reading.fail(ReadFailure::damaged, "expected pages, found none");
  if (characters == 0 || scanned.size() == pages.size()) {
    if (unknown > 0 && unknown * 2 > glyphs && images == 0)
      reading.fail(ReadFailure::needs_ocr,
                   "expected text, found letters whose fonts do not say what they mean; it needs OCR");
    reading.fail(ReadFailure::needs_ocr, images > 0 ? "expected text, found pictures only: a scan that needs OCR"
                                                    : "expected text, found none on any page");
  }

  DocumentWriter out(reading);
  const HeadingRule headings(pages);
  for (size_t i = 0; i < pages.size(); ++i) {
    out.page = uint32_t(i + 1);
    for (const PageParagraph& p : pages[i].paragraphs) {
      if (p.kind == PageParagraph::Kind::table_row) {
        if (p.first_row) out.begin_table();
        const bool digits = std::any_of(p.cells.begin(), p.cells.end(), [](const std::string& cell) {
          return cell.find_first_of("0123456789") != cell.npos;
        });
        out.table_row(p.cells, p.first_row && !digits);
      } else if (const int level = headings.level(p); level > 0) {
        out.heading(level, p.text);
      } else if (p.kind == PageParagraph::Kind::list_item) {
        out.list_item(1, p.text);
      } else {
        out.paragraph(p.text);
      }
    }
  }
  if (!scanned.empty()) out.note("Pages without text, which need OCR: " + page_list(scanned) + ".");
  if (unknown * 10 > glyphs) out.note("Many letters could not be read: their fonts do not say what they mean.");
  // Many programs write a name nobody chose.
  const std::string title = file.title(), lower = lower_ascii(title);
  if (lower != "untitled" && !lower.starts_with("microsoft word - ") && !lower.starts_with("untitled-"))
    out.title(title);
  return out.finish("application/pdf", uint32_t(pages.size()));
}

}  // namespace

Document read_pdf(const Reading& reading) {
  try {
    return read_pages(reading);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {   // qpdf's own, about objects that are not what they should be
    reading.fail(ReadFailure::damaged, std::string("expected a pdf's objects, found: ") + error.what());
  }
}

}  // namespace hadal::rag
